"""Paragraphs: what each is found by, what it is an edit of, and where its text was first."""
