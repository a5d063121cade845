"""Where a page leads: links, menus, sitemaps, feeds, and what it asks not to be followed."""
