"""The one place the version stands; it is the newest heading of CHANGELOG.md."""

VERSION = "0.2.0"
