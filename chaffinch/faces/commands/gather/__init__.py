"""Commands that bring pages into a corpus."""
