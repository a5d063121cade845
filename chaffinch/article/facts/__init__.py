"""What a page says of its article: title, date, author, category, source, views."""
