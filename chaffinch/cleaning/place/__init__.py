"""Which lines are furniture by where they stand."""
