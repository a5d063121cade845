"""Datasette's own templates, as a corpus shows them: with the corpus's bar, and with what a screen reader asks for.

Each change is made to the source of the template that would be shown, Datasette's or the user's own; where that reads
otherwise it is left as it is. Pages of databases that are no corpus get the labels and the language, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from datasette import hookimpl  # type: ignore[attr-defined]
from datasette.utils import to_css_class
from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, TemplateNotFound
from markupsafe import Markup, escape

from chaffinch.faces.datasette_plugin.tables.links import corpora, is_corpus, masked, may_view, path_of

_PAGES = (
    ("overview", "Overview"), ("search", "Texts"), ("sites", "Sites"), ("runs", "Runs"), ("compare", "Compare"),
)  # fmt: skip
_NAMED = (  # controls of the filters, and what each is called
    ('select name="_filter_column', "Column"), ('select name="_filter_op', "Comparison"),
    ('input type="text" name="_filter_value', "Value"), ('select name="_sort"', "Sort by"),
)  # fmt: skip
# Template: (pattern, what stands in its place).
_MENDED: dict[str, tuple[tuple[str, str], ...]] = {
    "base.html": (
        (r"<html>", '<html lang="en">'),
        (r"{%- block extra_head %}", r'{% if chaffinch %}{% include "chaffinch/_head.html" %}{% endif %}\g<0>'),
        (r'(<div class="not-footer">\s*<header[^>]*>)<nav>',
         r'{% if chaffinch %}<a class="skip" href="#content">Skip to the content</a>{% endif %}'
         r'\1<nav aria-label="Where this page is">'),
        (r"</nav>(\s*</header>)", r'</nav>{% if chaffinch %}{% include "chaffinch/_bar.html" %}{% endif %}\1'),
        (r'<section class="content">', r'<main id="content" tabindex="-1">\g<0>'),
        (r"</section>(\s*</div>\s*<footer)", r"</section></main>\1"),
        # It folds up what was unfolded as soon as one clicks elsewhere; ours stays open.
        (r'{% include "_close_open_menus.html" %}', r"{% if not here %}\g<0>{% endif %}"),
    ),
    "database.html": (
        (r"<h3>Custom SQL query</h3>", "<h2>Custom SQL query</h2>"),
        (r'(<form class="sql.*?</form>)',
         r'{% if chaffinch %}<details class="ask-sql"><summary>Ask in SQL</summary>{% endif %}\1'
         r"{% if chaffinch %}</details>{% endif %}"),
        (r'<textarea id="sql-editor"', r'\g<0> aria-label="SQL"'),
    ),
    "query.html": (
        (r"<h3>Custom SQL query({% if display_rows %}) returning (.*?)</h3>",
         r"<h2>{% if not hide_sql %}Custom SQL query{{ ': ' if display_rows }}{% endif %}\1\2</h2>"),
        (r"{{ show_hide_text }}</a>", "{{ show_hide_text }} SQL</a>"),
        (r'value="Run SQL"', "value=\"{{ 'Ask' if hide_sql else 'Run SQL' }}\""),
        (r"<h3>Query parameters</h3>", "<h2{% if hide_sql %} hidden{% endif %}>Query parameters</h2>"),
        (r'<textarea id="sql-editor"', r'\g<0> aria-label="SQL"'),
    ),
    "table.html": (
        *((re.escape(f"<{control}"), f'<{control.split()[0]} aria-label="{label}"{control[len(control.split()[0]):]}')
          for control, label in _NAMED),
        (r"<h3>(.*?)</h3>", r"<h2>\1</h2>"),
        (r'<dl class="column-descriptions">.*?</dl>',
         '{% if chaffinch %}<details class="about-columns"><summary>What the columns hold</summary>{% endif %}'
         r"\g<0>{% if chaffinch %}</details>{% endif %}"),
        (r'<pre class="wrapped-sql">', '<pre class="wrapped-sql" tabindex="0">'),
    ),
    "_facet_results.html": (
        (r'(toggle_url }}" class="cross")>', r'\1 aria-label="Take this facet away">'),
    ),
    # Cell by cell in the template the rows take longer.
    "_table.html": (
        (r"{% for row in display_rows %}\s*<tr>\s*{% for cell in row %}\s*"
         r'<td class="col-{{ cell\.column\|to_css_class }} type-{{ cell\.value_type }}">{{ cell\.value }}</td>'
         r"\s*{% endfor %}\s*</tr>\s*{% endfor %}", "{{ written_rows(display_rows) }}"),
    ),
}  # fmt: skip
_css_class: Callable[[str], str] = to_css_class


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    """Puts the mended templates before those that are there."""
    given = env.loader
    assert given is not None
    env.globals["written_rows"] = _written
    env.filters["masked"] = masked
    env.loader = ChoiceLoader([DictLoader(dict(_mended(env, given))), given])


def _mended(env: Environment, given: BaseLoader) -> Iterable[tuple[str, str]]:
    for name, changes in _MENDED.items():
        try:
            source = given.get_source(env, name)[0]
        except TemplateNotFound:
            continue
        for pattern, replacement in changes:
            source = re.sub(pattern, replacement, source, flags=re.DOTALL)
        yield name, source


def _written(rows: Iterable[Iterable[Mapping[str, Any]]]) -> Markup:
    """The rows as Datasette's template has them."""
    classes: dict[str, str] = {}
    lines = []
    for row in rows:
        lines.append("<tr>")
        for cell in row:
            column = cell["column"]
            if column not in classes:
                classes[column] = escape(_css_class(column))
            kind = escape(cell["value_type"])
            lines.append(f'<td class="col-{classes[column]} type-{kind}">{escape(cell["value"])}</td>')
        lines.append("</tr>\n")
    return Markup("".join(lines))  # what it is joined of is escaped


@hookimpl
def extra_template_vars(datasette: Any, request: Any, database: str | None) -> Any:
    """`chaffinch`: what the bar of a corpus's pages shows; none on those of other databases."""

    async def found() -> dict[str, Any]:
        name = database or _only_corpus(datasette)
        if name is None or name not in datasette.databases or not is_corpus(datasette.databases[name].path):
            return {}
        if request is None or not await may_view(datasette, request.actor, name):
            return {}
        links = [(page, path_of(datasette, name, page), label) for page, label in _PAGES]
        return {"chaffinch": {
            "name": name, "search": path_of(datasette, name, "search"),
            "links": [*links, ("tables", datasette.urls.database(name), "Tables")],
        }}  # fmt: skip

    return found


def _only_corpus(datasette: Any) -> str | None:
    """The corpus of pages that belong to no database: the one that is open beside nothing else."""
    ours = corpora(datasette)
    return next(iter(ours)) if len(ours) == 1 and len(files_of(datasette)) == 1 else None


def files_of(datasette: Any) -> list[str]:
    """Names of the databases that were opened, without those that Datasette keeps for itself."""
    return [name for name, database in datasette.databases.items() if not name.startswith("_")]
