"""Commands that change a corpus."""
