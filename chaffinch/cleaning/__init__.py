"""From an article to its own words, with what was taken out as evidence."""
