"""Who was first: the order of articles in time, in which copies have their source. SQL over `articles`.

Dates that pages claim go before the time at which we saw them; of those that say the same the longer text is first, as
a copy is rather cut than lengthened, and then the URL decides, so that the order of reading does not.
"""


def since(article: str = "articles") -> str:
    """Since when an article is known: what it claims, or when it was first seen. `article` is a table or alias."""
    return f"coalesce({article}.published, {article}.first_seen)"


def since_of(article_id: str) -> str:
    """The same of the article of an id, "" where there is none of it."""
    return f"coalesce((SELECT {since('one')} FROM articles AS one WHERE one.id = {article_id}), '')"


def order(article: str = "articles") -> tuple[str, ...]:
    """What articles are sorted by, ascending: the first row is who was first."""
    return since(article), f"{article}.first_seen", f"-{article}.chars", f"{article}.url"


IN_ORDER = ", ".join(order())
