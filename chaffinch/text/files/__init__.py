"""Files that decide: those that people write by hand, and those that are fitted."""
