"""Which page comes next, when again, and what is never asked for."""
