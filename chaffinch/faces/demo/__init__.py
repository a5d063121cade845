"""A small farm of content sites on loopback, to show the whole line on and to test it with."""
