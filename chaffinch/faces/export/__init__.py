"""The corpus as files to take away."""
