"""What stands in for a part of Scrapy."""
