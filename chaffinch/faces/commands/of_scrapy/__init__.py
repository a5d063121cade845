"""Commands of Scrapy's own on this project's settings: mistakes are told in one line."""
