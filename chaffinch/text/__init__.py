"""Characters and lines: what is known of Chinese text before there is a page."""
