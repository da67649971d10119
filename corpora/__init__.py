"""Data cards of the built-in corpora, and our own tunebook; read by `abclm.corpora.built_in`."""
