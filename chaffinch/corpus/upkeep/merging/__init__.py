"""Several corpora, the shards of one crawl, become one that has everything that each had."""
