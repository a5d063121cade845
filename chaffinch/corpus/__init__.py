"""The one file and its one writer."""
