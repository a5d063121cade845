"""Pages as they are kept: files, folders, archives, lines of JSON."""
