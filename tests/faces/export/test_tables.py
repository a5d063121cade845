"""What is taken away is what the corpus holds, is the same twice, and does nothing to whoever opens it."""

import csv
import io
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from chaffinch.corpus import schema
from chaffinch.corpus.connect import open_reader, open_writer
from chaffinch.faces.export import card, graph, tables
from chaffinch.text.say import defused
from tests.conftest import Run
from tests.copies.test_cluster import put, write
from tests.copies.texts import article, spin

NS = "{http://graphml.graphdrawing.org/xmlns}"
HOSTILE = '=HYPERLINK("http://a.example")\x00\x0b</data><script>alert(1)</script>,|\'\n'
A = article(1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.db"
    db = open_writer(path)
    with db.atomic():
        db.execute("INSERT INTO pages (id, url, site, state, first_seen) VALUES (1, 'p', 's', 'article', 't')")
    put(db, [(1, A), (2, spin(A, 0.05, 1)), (3, A), (4, article(2)), (5, "太短")])
    with db.atomic():
        db.execute("UPDATE articles SET title = ? WHERE id IN (1, 4)", (HOSTILE,))
        db.execute("UPDATE articles SET published = '2020-01-01' WHERE id = 2")
        db.execute("UPDATE articles SET published = '2021-01-01' WHERE id IN (1, 3)")
        db.execute("UPDATE articles SET simhash = -5")
        db.execute("UPDATE clusters SET representative_id = 2")
        db.execute("INSERT INTO removed VALUES (1, 0, '<b>|rule', 'x', 1)")
    db.conn.close()
    return path


def exported(corpus: Path, to: Path, *formats: str, when: str = "2026-01-01T00:00:00Z") -> dict[str, bytes]:
    tables.export(open_reader(corpus), formats, to, when)
    return {path.name: path.read_bytes() for path in to.iterdir()}


def rows(corpus: Path, table: str) -> list[dict[str, object]]:
    return list(open_reader(corpus).query(f"SELECT * FROM {table}"))


def test_jsonl_holds_every_article_as_it_is(corpus: Path, tmp_path: Path) -> None:
    files = exported(corpus, tmp_path / "to", "jsonl")
    assert set(files) == {"articles.jsonl", "clusters.jsonl", "similarities.jsonl", "README.md"}
    expected = rows(corpus, "articles")
    for row in expected:
        row |= {"repairs": {}, "sources": {}}
        del row["page_id"]
    lines = files["articles.jsonl"].split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == expected and lines[-1] == b""
    for table in ("clusters", "similarities"):
        assert [json.loads(line) for line in files[f"{table}.jsonl"].splitlines()] == rows(corpus, table)


def test_the_same_corpus_gives_the_same_bytes_but_for_the_date(corpus: Path, tmp_path: Path) -> None:
    one = exported(corpus, tmp_path / "one", "jsonl", "csv", "graphml")
    other = exported(corpus, tmp_path / "other", "graphml", "csv", "jsonl", when="2027-01-01T00:00:00Z")
    cards = [files.pop("README.md").decode().splitlines() for files in (one, other)]
    assert one == other and len(one) == 8
    assert [(a, b) for a, b in zip(*cards, strict=True) if a != b] == [
        ("Exported: 2026-01-01T00:00:00Z", "Exported: 2027-01-01T00:00:00Z")
    ]


def test_csv_cells_are_read_back_and_none_runs(corpus: Path, tmp_path: Path) -> None:
    data = exported(corpus, tmp_path / "to", "csv")["articles.csv"]
    found = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["title"] for row in found] == [f"'{HOSTILE}", "", "", f"'{HOSTILE}", ""]
    assert [row["text"] for row in found] == [row["text"] for row in rows(corpus, "articles")]
    assert {row["simhash"] for row in found} == {"-5"}


@given(st.text(alphabet="=+-@＝＠\t\r\n 　'a字"))
def test_no_text_cell_starts_with_what_runs(text: str) -> None:
    cell = defused(text)
    assert isinstance(cell, str) and cell[cell.startswith("'") and cell != text :] == text
    assert cell.strip()[:1] not in set("=+-@＝＋－＠") or not cell
    assert cell[:1] not in {"\t", "\r", "\n"}


@pytest.mark.parametrize("cell", [-5, -0.5, None, "2026-01-01", "正文-1", ""])
def test_numbers_and_plain_text_stay(cell: object) -> None:
    assert defused(cell) is cell


def read_graph(data: bytes) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], dict[str, str]]]:
    root = ET.fromstring(data)
    names = {key.attrib["id"]: key.attrib["attr.name"] for key in root.iter(f"{NS}key")}

    def cells(element: ET.Element) -> dict[str, str]:
        return {names[cell.attrib["key"]]: cell.text or "" for cell in element}

    nodes = {node.attrib["id"]: cells(node) for node in root.iter(f"{NS}node")}
    edges = {(edge.attrib["source"], edge.attrib["target"]): cells(edge) for edge in root.iter(f"{NS}edge")}
    return nodes, edges


def test_graphs_lead_from_who_was_first_and_hold_hostile_text(corpus: Path, tmp_path: Path) -> None:
    files = exported(corpus, tmp_path / "to", "graphml")
    nodes, edges = read_graph(files["articles.graphml"])
    assert set(nodes) == {"1", "2", "3"}
    assert nodes["1"]["title"] == HOSTILE.replace("\x00", "").replace("\x0b", "")
    evidence = rows(corpus, "similarities")
    assert {frozenset(edge) for edge in edges} == {frozenset((str(row["a"]), str(row["b"]))) for row in evidence}
    assert all(source == "2" for source, target in edges if "2" in (source, target))
    assert {float(cells["jaccard"]) for cells in edges.values()} == {row["jaccard"] for row in evidence}
    sites, flows = read_graph(files["sites.graphml"])
    assert {name: (cells["articles"], cells["copied"]) for name, cells in sites.items()} == {
        "site0.example": ("1", "1"), "site1.example": ("2", "1"), "site2.example": ("2", "0")
    }  # fmt: skip
    assert flows == {("site2.example", f"site{n}.example"): {"weight": "1"} for n in (0, 1)}


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_is_xml(text: str) -> None:
    file = io.BytesIO()
    graph._write(file, [("url", "TEXT")], [(1, text)], [], [])
    assert (read_graph(file.getvalue())[0]["1"]["url"]).replace("\n", "") == (
        graph.clean(text).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "")
    )


def test_the_card_counts_and_names_and_is_not_run(corpus: Path, tmp_path: Path) -> None:
    files = exported(corpus, tmp_path / "to", "jsonl")
    readme = files["README.md"].decode()
    for line in (
        "5 articles of 3 sites",
        "| articles that have a copy | 3 |",
        schema.migrations.pending(Database(memory=True))[-1].name,
        "SHA-256",
        "## Licence",
    ):
        assert line in readme
    assert "<b>" not in readme and "&#60;b&#62;&#124;rule | 1 | 1 |" in readme
    assert card.read(open_reader(corpus)).counts["verified pairs"] == len(rows(corpus, "similarities"))


def test_parquet_holds_the_same(corpus: Path, tmp_path: Path) -> None:
    arrow = pytest.importorskip("arro3.io")
    exported(corpus, tmp_path / "to", "parquet")
    for table in tables.TABLES:
        found = arrow.read_parquet(str(tmp_path / "to" / f"{table.name}.parquet")).read_all()
        columns = {name: found.column(name).to_pylist() for name, _ in table.columns}
        expected = rows(corpus, table.name)
        assert columns == {name: [row[name] for row in expected] for name, _ in table.columns}


def test_parquet_without_its_package_is_one_line(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    with pytest.raises(ValueError, match=r"pip install 'chaffinch\[parquet\]'"):
        exported(corpus, tmp_path / "to", "parquet")
    assert not (tmp_path / "to").exists()


def test_an_empty_corpus_is_exported(tmp_path: Path) -> None:
    open_writer(tmp_path / "corpus.db").conn.close()
    files = exported(tmp_path / "corpus.db", tmp_path / "to", "jsonl", "csv", "graphml")
    assert files["articles.jsonl"] == b"" and "0 articles of 0 sites" in files["README.md"].decode()


def test_a_failure_leaves_the_former_files(corpus: Path, tmp_path: Path) -> None:
    before = exported(corpus, tmp_path / "to", "jsonl")
    db = Database(corpus)
    with db.atomic():
        write(db, 9, "新")
        db.execute("UPDATE articles SET sources = 'no json' WHERE id = 9")
    with pytest.raises(ValueError):
        exported(corpus, tmp_path / "to", "jsonl")
    assert {path.name: path.read_bytes() for path in (tmp_path / "to").iterdir()} == before


def test_the_command_says_in_one_line_what_it_did_or_why_not(corpus: Path, tmp_path: Path, run: Run) -> None:
    done = run("export", "--to", "out", "--format", "jsonl,graphml")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)
    assert "5 articles into out" in done.stderr and "sites.graphml" in done.stderr
    (tmp_path / "file").write_text("")
    done = run("export", "--to", "file/out")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "file" in done.stderr
    done = run("export", "--format", "docx")
    assert done.returncode == 2 and "docx" in done.stderr
    corpus.unlink()
    done = run("export", "--to", "none")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "none").exists()
