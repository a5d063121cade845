"""What people meet: the command line, reports, exports, the pages of Datasette, the demo."""
