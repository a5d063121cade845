"""Pages as they come: bytes, text, tree, the part of an article that they are."""
