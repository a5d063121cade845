"""One page under many addresses: what tells it."""
