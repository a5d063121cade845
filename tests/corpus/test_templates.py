"""The template of a site, learned as its articles arrive and applied to those that came before."""

import random
import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from chaffinch.corpus import templates
from chaffinch.corpus.connect import open_reader, open_writer
from chaffinch.corpus.store import Store
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.page.kept.files import Input
from tests.cleaning.test_template import prose

Document = tuple[str, str]  # URL, text
SLOGAN = "由一群热心人维护，十年如一日，只为让欠债的人少走弯路，也欢迎你加入。"
FAMOUS = [*prose(999), "一句话记住：先联系银行，再谈分期，最后按约还款，这比躲着不接电话强得多。"]
FIRST, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
QUERIES = (
    "SELECT url, title, text, chars, simhash, cluster_id IS NULL, last_changed FROM articles ORDER BY url",
    "SELECT url, position, rule, removed.text, whole FROM removed JOIN articles ON id = article_id ORDER BY 1, 2",
    "SELECT url, version, versions.text FROM versions JOIN articles ON id = article_id ORDER BY 1, 2",
    "SELECT * FROM templates ORDER BY site, place, key",
    "SELECT jaccard, containment FROM similarities ORDER BY 1, 2",
)


@cache
def farm() -> tuple[Document, ...]:
    """Ten sites, each with twelve articles under a slogan of its own, and one that all sites copied."""
    return tuple(
        (f"http://s{site}.example/{n}.html", "\n".join([*lines, f"{name}课堂{SLOGAN}"]))
        for site, name in enumerate("甲乙丙丁戊己庚辛壬癸")
        for n, lines in enumerate([*(prose(100 * site + n) for n in range(12)), FAMOUS])
    )


def ingest(corpus: Path, documents: tuple[Document, ...] | list[Document], at: str = FIRST) -> dict[str, int]:
    """Takes documents in as the command does; returns how many were new, edited, unchanged."""
    tools = load_tools(bytes(32))
    db = open_writer(corpus)
    store = Store(db)
    for url, text in documents:
        store.add(process(Input(url, url, text.encode(), "text", title="问", fetched_at=at), tools))
    store.finish()
    db.conn.close()
    return store.counts


def state(corpus: Path) -> list[list[Any]]:
    db = open_reader(corpus)
    assert not db.execute("SELECT * FROM template_sites WHERE fresh").fetchall()
    return [db.execute(query).fetchall() for query in QUERIES]


def test_a_new_site_is_learned_from_once_there_is_something_to_compare() -> None:
    db = Database(memory=True)
    templates.create_tables(db)
    for _ in range(6):
        templates.note(db, ["few.example", "many.example"])
    for _ in range(6):
        templates.note(db, ["many.example"])
    for _ in range(20):
        templates.note(db, ["more.example"])
    assert templates.ripe(db) == ["more.example", "many.example"], "a crawl learns from one a batch: the largest first"


def test_furniture_that_no_rule_knows_goes_and_a_copied_sentence_stays(tmp_path: Path) -> None:
    ingest(tmp_path / "a.db", farm())
    articles, removed, versions, templates, similarities = state(tmp_path / "a.db")
    assert not [row for row in articles if SLOGAN in row[2]]
    assert sum(FAMOUS[-1] in row[2] for row in articles) == 10
    assert sum(not row[5] for row in articles) == 10, "the copies are one cluster, and all else is alone"
    assert set(similarities) == {(1.0, 1.0)}
    assert len(removed) == len(farm()) and {row[2] for row in removed} == {"template"}
    assert all(row[3].endswith(SLOGAN) for row in removed)
    assert not versions
    assert [(row[1], row[3]) for row in templates] == [("tail", 13)] * 10


def test_a_page_that_has_not_changed_is_unchanged_though_its_furniture_went(tmp_path: Path) -> None:
    ingest(tmp_path / "a.db", farm())
    before = state(tmp_path / "a.db")
    assert ingest(tmp_path / "a.db", farm(), LATER) == {"unchanged": len(farm())}
    assert state(tmp_path / "a.db") == before
    seen = open_reader(tmp_path / "a.db").execute("SELECT DISTINCT last_seen FROM articles").fetchall()
    assert seen == [(LATER,)]


def test_an_edit_is_one_and_new_furniture_is_none(tmp_path: Path) -> None:
    pages = [page for page in farm() if page[0].startswith("http://s3.")]
    ingest(tmp_path / "a.db", pages)
    edited = [(url, text.replace("，", "、", 1)) if n == 4 else (url, text) for n, (url, text) in enumerate(pages)]
    renewed = [(url, f"本站新增问答栏目，每天都有人在线解答你的问题，不收费用。\n{text}") for url, text in edited]
    assert ingest(tmp_path / "a.db", edited, LATER) == {"edited": 1, "unchanged": 12}
    articles, _, versions, *_ = state(tmp_path / "a.db")
    assert len(versions) == 1
    ingest(tmp_path / "a.db", renewed, "2026-03-01T00:00:00Z")
    again = state(tmp_path / "a.db")
    assert (again[0], again[2]) == (articles, versions)


def test_the_end_is_the_same_in_any_order_and_after_a_run_that_was_cut_off(tmp_path: Path) -> None:
    ingest(tmp_path / "a.db", farm())
    shuffled = list(farm())
    random.Random(1).shuffle(shuffled)
    ingest(tmp_path / "b.db", shuffled[:47])
    tools = load_tools(bytes(32))
    db = open_writer(tmp_path / "b.db")
    store = Store(db)
    for url, text in shuffled[47:120]:  # written, and then the run is gone
        store.add(process(Input(url, url, text.encode(), "text", title="问", fetched_at=FIRST), tools))
    store.flush()
    db.conn.close()
    ingest(tmp_path / "b.db", shuffled[100:])
    assert state(tmp_path / "b.db") == state(tmp_path / "a.db")


def test_a_recrawl_cut_off_anywhere_ends_the_same_though_the_furniture_is_new(tmp_path: Path) -> None:
    banner = "本站新增问答栏目，每天都有人在线解答你的问题，不收取任何的费用。"
    pages = [page for page in farm() if page[0].startswith(("http://s3.", "http://s4."))]
    ingest(tmp_path / "first.db", pages[::2])
    edited = [(url, text.replace("，", "、", 1) if n % 5 == 0 else text) for n, (url, text) in enumerate(pages)]
    renewed = [(url, f"{banner}\n{text}" if n % 3 else text) for n, (url, text) in enumerate(edited)]
    tools = load_tools(bytes(32))
    ends = []
    for seed in range(6):
        corpus = tmp_path / f"{seed}.db"
        shutil.copy(tmp_path / "first.db", corpus)
        random.Random(seed).shuffle(renewed)
        cuts = sorted(random.Random(seed).choices(range(len(renewed)), k=seed))
        for start, end in pairwise((0, *cuts)):  # each a run that is gone after its last batch
            db = open_writer(corpus)
            store = Store(db)
            for url, text in renewed[start:end]:
                store.add(process(Input(url, url, text.encode(), "text", title="问", fetched_at=LATER), tools))
            store.flush()
            db.conn.close()
        ingest(corpus, renewed[cuts[-1] if cuts else 0 :], LATER)
        events = open_reader(corpus).execute(
            "SELECT kind, url, added, removed FROM events JOIN articles a ON a.id = article_id"
        )
        ends.append([*state(corpus), sorted(events.fetchall())])
    assert all(end == ends[0] for end in ends)
    assert any(kind == "edited" for kind, *_ in ends[0][-1])


def test_documents_without_a_site_share_no_template(tmp_path: Path) -> None:
    ingest(tmp_path / "a.db", [(f"file:{n}.txt", "\n".join([*prose(n), SLOGAN])) for n in range(12)])
    assert all(SLOGAN in row[2] for row in state(tmp_path / "a.db")[0])
