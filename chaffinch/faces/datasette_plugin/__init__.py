"""Datasette plugin: a plain `datasette corpus.db` searches Chinese, explains its tables and offers pages of its own.

The hooks are named here because Datasette looks for them in the module that the entry point names.
"""

from chaffinch.faces.datasette_plugin.pages.routes import handle_exception, register_routes
from chaffinch.faces.datasette_plugin.policy import guard_pages
from chaffinch.faces.datasette_plugin.speed.known_schema import know_schema
from chaffinch.faces.datasette_plugin.speed.search import (
    lighten_searches,
    mark_matches,
    prepare_connection,
    search_once,
)
from chaffinch.faces.datasette_plugin.speed.sorting import sort_by_key_too
from chaffinch.faces.datasette_plugin.tables.cells import extra_css_urls, mask_address, show_cell
from chaffinch.faces.datasette_plugin.tables.csv_cells import defuse_csv
from chaffinch.faces.datasette_plugin.tables.facets import link_plainly, register_facet_classes, startup
from chaffinch.faces.datasette_plugin.tables.links import link_cell
from chaffinch.faces.datasette_plugin.tables.mended import extra_template_vars, prepare_jinja2_environment
from chaffinch.faces.datasette_plugin.tables.tables import (
    canned_queries,
    explain,
    get_metadata,
    permission_allowed,
)

__all__ = [
    "canned_queries",
    "defuse_csv",
    "explain",
    "extra_css_urls",
    "extra_template_vars",
    "get_metadata",
    "guard_pages",
    "handle_exception",
    "know_schema",
    "lighten_searches",
    "link_cell",
    "link_plainly",
    "mark_matches",
    "mask_address",
    "permission_allowed",
    "prepare_connection",
    "prepare_jinja2_environment",
    "register_facet_classes",
    "register_routes",
    "search_once",
    "show_cell",
    "sort_by_key_too",
    "startup",
]
