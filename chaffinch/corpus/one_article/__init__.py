"""Several pages that are one article: parts of it, and addresses of it."""
