"""Datasette plugin: a plain `datasette corpus.db` searches Chinese, explains its tables and offers pages of its own.

The hooks are named here because Datasette looks for them in the module that the entry point names.
"""

from chaffinch.faces.datasette_plugin.pages.routes import register_routes
from chaffinch.faces.datasette_plugin.policy import guard_pages
from chaffinch.faces.datasette_plugin.speed.known_schema import know_schema
from chaffinch.faces.datasette_plugin.speed.search import (
    lighten_searches,
    mark_matches,
    prepare_connection,
    search_once,
)
from chaffinch.faces.datasette_plugin.speed.sorting import sort_by_key_too
from chaffinch.faces.datasette_plugin.tables.cells import extra_css_urls, show_cell
from chaffinch.faces.datasette_plugin.tables.csv_cells import defuse_csv
from chaffinch.faces.datasette_plugin.tables.facets import link_plainly, register_facet_classes, startup
from chaffinch.faces.datasette_plugin.tables.links import (
    database_actions,
    describe,
    link_cell,
    menu_links,
    top_database,
    top_homepage,
)
from chaffinch.faces.datasette_plugin.tables.tables import (
    canned_queries,
    explain,
    get_metadata,
    permission_allowed,
    prepare_jinja2_environment,
)

__all__ = [
    "canned_queries",
    "database_actions",
    "defuse_csv",
    "describe",
    "explain",
    "extra_css_urls",
    "get_metadata",
    "guard_pages",
    "know_schema",
    "lighten_searches",
    "link_cell",
    "link_plainly",
    "mark_matches",
    "menu_links",
    "permission_allowed",
    "prepare_connection",
    "prepare_jinja2_environment",
    "register_facet_classes",
    "register_routes",
    "search_once",
    "show_cell",
    "sort_by_key_too",
    "startup",
    "top_database",
    "top_homepage",
]
