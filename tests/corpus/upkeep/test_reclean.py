"""Stored articles cleaned again: as if the rules of today had cleaned the page."""

from dataclasses import replace

import pytest
from sqlite_utils import Database

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.corpus import schema
from chaffinch.corpus.upkeep import reclean
from chaffinch.items import Article, Block
from chaffinch.text.canonical import canonical
from tests.corpus.test_events import ONE, OTHER, day, put, row, shows

RULES = load_rules()
KEY = bytes(32)


def test_the_same_rules_change_nothing() -> None:
    lines = [f"逾期第{n}个月的处理办法：先向客服核实欠款，再商量分期，不要轻信代办。" for n in range(8)]
    lines[3:3] = ["上一篇：借款指南", "客服QQ：123456789，投诉请联系。"]
    article = Article(
        ONE, "逾期怎么办", tuple(Block(line) for line in ["首页 > 贷款", *lines, "免责声明：本站内容来自网络。"])
    )
    cleaned = clean(article, RULES, KEY)
    assert cleaned.removed
    after = reclean.again(cleaned, RULES, KEY)
    assert (after.text, after.removed) == (cleaned.text, cleaned.removed)


@pytest.fixture
def db() -> Database:
    """Articles as rules that knew no navigation would have left them, and one as it is."""
    db = Database(memory=True)
    schema.migrations.apply(db)
    poor = shows(ONE, "青山借款", day(1))
    assert poor.cleaned is not None
    poor.cleaned = replace(poor.cleaned, text=poor.cleaned.text + "\n上一篇：借款指南\n下一篇：还款须知")
    poor.canonical = canonical(poor.cleaned.text)
    put(db, poor, shows(OTHER, "白鹭贷款", day(1)))
    return db


def test_better_rules_reach_what_is_stored(db: Database) -> None:
    before = row(db, ONE)["text"]
    told = reclean.reclean(db, RULES, KEY, write=False)
    assert (told.articles, told.changed) == (2, 1) and told.gone and not told.back
    assert row(db, ONE)["text"] == before
    assert reclean.reclean(db, RULES, KEY, write=True) == told
    assert "上一篇" in before and "上一篇" not in row(db, ONE)["text"]
    assert row(db, ONE)["chars"] == len(row(db, ONE)["text"])
    assert db.conn.execute("SELECT count(*) FROM versions").fetchone() == (0,)
    assert reclean.reclean(db, RULES, KEY, write=True).changed == 0
    put(db, shows(ONE, "青山借款", day(2)))
    assert db.conn.execute("SELECT count(*) FROM events WHERE kind = 'edited'").fetchone() == (0,)
    db.conn.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('integrity-check', 1)")
