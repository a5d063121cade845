"""Who copies whom, as GraphML: articles joined by their verified pairs, and sites joined by what they copied."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import IO, Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from chaffinch.copies.tables.first import order
from chaffinch.text.contacts.addresses import hide

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of XML 1.0
_TYPES = {"INTEGER": "long", "REAL": "double", "TEXT": "string"}

Columns = Sequence[tuple[str, str]]  # name, SQLite type

_ARTICLE: Columns = (
    ("url", "TEXT"), ("site", "TEXT"), ("title", "TEXT"), ("published", "TEXT"), ("first_seen", "TEXT"),
    ("chars", "INTEGER"), ("script", "TEXT"), ("cluster_id", "INTEGER"),
)  # fmt: skip
_PAIR: Columns = (
    ("weight", "REAL"),
    ("jaccard", "REAL"),
    ("containment", "REAL"),
    ("hamming", "INTEGER"),
    ("kind", "TEXT"),
)
_SITE: Columns = (("articles", "INTEGER"), ("copied", "INTEGER"))
_FLOW: Columns = (("weight", "INTEGER"),)

_ARTICLES = f"""
    SELECT id, {", ".join(name for name, _ in _ARTICLE)} FROM articles
    WHERE EXISTS (SELECT 1 FROM similarities WHERE a = id) OR EXISTS (SELECT 1 FROM similarities WHERE b = id)
    ORDER BY id
"""
_PAIRS = f"""
    SELECT iif(a_first, a, b), iif(a_first, b, a), jaccard, jaccard, containment, hamming, kind FROM (
        SELECT similarities.*,
            ({", ".join(order("one"))})
            < ({", ".join(order("other"))}) AS a_first
        FROM similarities JOIN articles AS one ON one.id = a JOIN articles AS other ON other.id = b
    ) ORDER BY a, b
"""
_SITES = """
    SELECT site, count(*), sum(first IS NOT NULL AND first != site) FROM (
        SELECT articles.site AS site, source.site AS first FROM articles
        LEFT JOIN clusters ON clusters.id = articles.cluster_id
        LEFT JOIN articles AS source ON source.id = representative_id
    ) GROUP BY site ORDER BY site
"""
_FLOWS = """
    SELECT source.site, articles.site, count(*) FROM articles
    JOIN clusters ON clusters.id = articles.cluster_id JOIN articles AS source ON source.id = representative_id
    WHERE source.site != articles.site GROUP BY 1, 2 ORDER BY 1, 2
"""


def write_articles(connection: sqlite3.Connection, file: IO[bytes]) -> None:
    """Nodes are the articles that have a copy; an edge is a verified pair, from the article that was first known.

    `weight` is the Jaccard similarity. Articles are read one at a time: memory does not grow with them.
    """
    _write(file, _ARTICLE, connection.execute(_ARTICLES), _PAIR, connection.execute(_PAIRS))


def write_sites(connection: sqlite3.Connection, file: IO[bytes]) -> None:
    """Nodes are all sites; an edge leads from the site that had texts first to one that copied them.

    `weight` is how many of its articles are such copies, `copied` of a node how many copy any other site.
    """
    _write(file, _SITE, connection.execute(_SITES), _FLOW, connection.execute(_FLOWS))


def _write(
    file: IO[bytes], node_columns: Columns, nodes: Iterable[Any], edge_columns: Columns, edges: Iterable[Any]
) -> None:
    """`nodes` are (id, cell…), `edges` (source, target, cell…). What is NULL is left out."""
    xml = XMLGenerator(file, "utf-8", short_empty_elements=True)
    xml.startDocument()
    xml.startElement("graphml", AttributesImpl({"xmlns": "http://graphml.graphdrawing.org/xmlns"}))
    for domain, columns in (("node", node_columns), ("edge", edge_columns)):
        for name, kind in columns:
            attributes = {"id": f"{domain}-{name}", "for": domain, "attr.name": name, "attr.type": _TYPES[kind]}
            _element(xml, "key", attributes)
    xml.characters("\n")
    xml.startElement("graph", AttributesImpl({"edgedefault": "directed"}))
    for id, *cells in nodes:
        xml.characters("\n")
        xml.startElement("node", AttributesImpl({"id": clean(str(id))}))
        _cells(xml, "node", node_columns, cells)
        xml.endElement("node")
    for source, target, *cells in edges:
        xml.characters("\n")
        xml.startElement("edge", AttributesImpl({"source": clean(str(source)), "target": clean(str(target))}))
        _cells(xml, "edge", edge_columns, cells)
        xml.endElement("edge")
    xml.characters("\n")
    xml.endElement("graph")
    xml.endElement("graphml")
    xml.characters("\n")
    xml.endDocument()


def _cells(xml: XMLGenerator, domain: str, columns: Columns, cells: Sequence[Any]) -> None:
    for (name, _), cell in zip(columns, cells, strict=True):
        if cell is not None:
            xml.startElement("data", AttributesImpl({"key": f"{domain}-{name}"}))
            xml.characters(clean(str(cell)))
            xml.endElement("data")


def _element(xml: XMLGenerator, name: str, attributes: dict[str, str]) -> None:
    xml.characters("\n")
    xml.startElement(name, AttributesImpl(attributes))
    xml.endElement(name)


def clean(text: str) -> str:
    """The text without contacts and the characters that no XML document may hold; markup is escaped on writing."""
    return _NOT_XML.sub("", hide(text))
