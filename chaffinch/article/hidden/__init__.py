"""What of a page a reader does not see."""
