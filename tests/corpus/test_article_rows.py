"""What a page says of its article is declared once and comes through every stage into the corpus."""

from contextlib import closing
from pathlib import Path

from chaffinch.corpus.connect import open_writer
from chaffinch.corpus.store import Store
from chaffinch.flow.tools import load_tools
from chaffinch.flow.workers import process
from chaffinch.items import FIELDS
from chaffinch.page.kept.documents import Input

LINE = "第{}件事是核对账单:把本金、利息和违约金分别记下来,再同客服约定还款的日子,并把通话录音留好。"
PAGE = """<meta charset=utf-8><title>逾期三个月以后的三件事</title><h1>逾期三个月以后的三件事</h1><div class="info">
来源:青山普法网 作者:白鹭 时间:2025-03-09 08:30 阅读:1204 评论:7 栏目:债务常识</div><div class="content">{}</div>"""


def test_every_field_that_a_page_names_is_stored_with_where_it_was_read(tmp_path: Path) -> None:
    body = PAGE.format("".join(f"<p>{LINE.format(number)}</p>" for number in range(6)))
    document = Input("page.html", "http://a.example/1.html", body.encode(), "html")
    visit = process(document, load_tools(bytes(32)))
    db = open_writer(tmp_path / "corpus.db")
    with closing(db.conn):
        store = Store(db)
        store.add(visit)
        store.finish()
        (row,) = db.query(f"SELECT {', '.join(FIELDS)}, sources FROM articles")
        types = {column.name: column.type for column in db.table("articles").columns}
    assert row.pop("sources").count(":") >= len(FIELDS)
    assert row == {
        "published": "2025-03-09T08:30:00", "author": "白鹭", "category": "债务常识", "source": "青山普法网",
        "heat": 1204, "comments": 7,
    }  # fmt: skip
    assert FIELDS.items() <= types.items()
