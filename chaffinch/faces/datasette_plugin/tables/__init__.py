"""What tables show and say beside Datasette's own."""
