"""The text of an SQL statement, as far as it depends on what is asked."""

from collections.abc import Iterable


def placeholders(values: Iterable[object]) -> str:
    """A `?` for each of `values`, for the brackets of an `IN (…)`: SQLite binds values one by one, no list."""
    return ", ".join("?" for _ in values)
