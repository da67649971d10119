"""Find the packages, which setup.cfg can't: one of them, the data cards, is a folder of another name at the top level."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["abclm", "abclm.*"]), "abclm.corpora.data"])
