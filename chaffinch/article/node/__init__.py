"""Which element of a page holds its article."""
