"""The pages of our own."""
