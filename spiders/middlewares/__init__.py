"""What a request and its answer pass."""
