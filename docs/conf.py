"""Settings of Sphinx: `make docs` builds the pages of this folder, and the docstrings, into build/docs."""

from chaffinch import __version__

project, author, release = "Chaffinch", "The Chaffinch authors", __version__
copyright = "2026, The Chaffinch authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["scale"]  # scripts to copy
html_theme = "alabaster"
html_theme_options = {"description": "Crawl content farms, find the copies", "page_width": "72em"}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
