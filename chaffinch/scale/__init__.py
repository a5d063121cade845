"""Copies across many shards: the stages of one corpus as tasks over files, each done once wherever it is done."""
