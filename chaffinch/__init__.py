"""Chaffinch: crawl Chinese content farms, strip the chaff, find the copies."""

__version__ = "0.1.0"
