"""How cells of Datasette's own tables and queries look: long text folded, shares as bars, no contact in an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from markupsafe import Markup

from chaffinch.faces.datasette_plugin.tables.links import is_corpus
from chaffinch.text.contacts.addresses import hide

FOLDED = 100  # characters from which text is folded (shown)
_START = 60  # shown
_MOST = 20_000  # characters in a cell; the JSON of the row has all (shown)


@hookimpl(specname="render_cell")
def show_cell(value: Any, column: str, table: str | None, database: str, datasette: Any) -> Markup | None:
    """Folds long text of a corpus's tables behind its start, and draws shares, in columns named share or share_…"""
    if isinstance(value, float) and (column == "share" or column.startswith("share_")) and 0 <= value <= 1:
        return bar(value)
    if (table, column) == ("similarities", "containment") and isinstance(value, float):
        return Markup("{:.2f}").format(value)  # as Jaccard beside it; JSON and CSV have all digits
    if table is None or not isinstance(value, str) or len(value) <= FOLDED or value.startswith(("http://", "https://")):
        return None
    return fold(value) if is_corpus(datasette.get_database(database).path) else None


@hookimpl(specname="render_cell", tryfirst=True)
def mask_address(value: Any, column: str, database: str, datasette: Any) -> Markup | None:
    """Shows an address or a site that holds a contact with a placeholder, as `articles.url` has it, and without a link.

    `pages.url` has to be what is asked for; it and what names a page by it are no more open than other addresses.
    """
    label = value.get("label") if isinstance(value, Mapping) else value
    if not isinstance(label, str) or not (column == "site" or label.startswith(("http://", "https://"))):
        return None
    shown = hide(label)
    if shown == label or not is_corpus(datasette.get_database(database).path):
        return None
    if isinstance(value, Mapping):
        return Markup("{} <em>{}</em>").format(shown, value.get("value"))
    return Markup.escape(shown)


def fold(text: str) -> Markup:
    """`text` behind its start: a click shows it, without any script."""
    start, more = " ".join(text[:_START].split()), len(text) - _MOST
    rest = Markup("<p>… {} more characters, all in this row as JSON</p>").format(f"{more:,}") if more > 0 else ""
    return Markup(
        '<details class="folded"><summary>{}… <span class="size">{} characters</span></summary>'
        '<div tabindex="0">{}</div>{}</details>'
    ).format(start, f"{len(text):,}", text[:_MOST], rest)


def bar(share: float) -> Markup:
    """A share of 0 to 1 in per cent, and as a bar."""
    return Markup(
        '<svg class="share" width="100" height="10" aria-hidden="true"><rect class="all" width="100%" height="100%"'
        ' fill="#e8ebf0"></rect><rect width="{}%" height="100%" fill="#b4471f"></rect></svg> {}%'
    ).format(round(100 * share, 1), round(100 * share))


@hookimpl
def extra_css_urls(view_name: str | None, database: str | None, datasette: Any) -> list[str]:
    """The style of Datasette's own pages of a corpus."""
    if view_name not in ("index", "table", "row", "database", "query"):
        return []
    files = [one.path for name, one in datasette.databases.items() if one.path and database in (None, name)]
    if not files or not all(map(is_corpus, files)):
        return []
    return ["/-/static-plugins/chaffinch/tables.css"]  # Datasette puts its base_url before it
