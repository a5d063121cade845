"""Which candidates are copies: passes over pairs, on several cores where there are many."""
