"""Han characters: how they are read, which are frequent, in which script a text is written."""
