"""For scrapyd-deploy, which builds its egg with this file. Everything else is in pyproject.toml."""

from setuptools import setup

setup()
