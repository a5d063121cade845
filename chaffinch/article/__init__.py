"""From a page to its article, or to why it has none."""
