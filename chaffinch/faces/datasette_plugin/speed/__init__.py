"""What makes Datasette's queries faster."""
