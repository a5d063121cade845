"""What changes a corpus other than by a page that came."""
