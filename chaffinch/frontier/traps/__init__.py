"""What leads on without end, and what shows it."""
