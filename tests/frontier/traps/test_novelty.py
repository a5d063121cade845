"""What a text says that its site has not said before."""

from pathlib import Path

import pytest

from chaffinch.corpus.connect import open_writer
from chaffinch.faces.demo import farm
from chaffinch.frontier.traps.novelty import Said, nothing_new, sample
from chaffinch.frontier.traps.url_shapes import Known, Yield, room
from tests.spiders.farm_pages import texts

ARTICLES = Path(farm.__file__).parent / "articles"
PAIR = ("/show?id=N", "/show?*", "/show?id=N < /show?id=N")


def test_stock_in_another_order_with_other_numbers_is_nothing_new(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "corpus.db")
    said = Said()
    lines = [line for text in texts(6, "novelty") for line in text.lines]
    assert said.share_of_new(db, "a.example", "\n".join(lines)) > 0.9
    again = "\n".join(f"第{number}条,{line}{number * 37}元" for number, line in enumerate(reversed(lines)))
    assert said.share_of_new(db, "a.example", again) < 0.2
    other = "养兰花最忌盆土太湿,春秋两季五天浇一次水,夏天放在屋檐下面避开正午的太阳,冬天搬进屋里,叶子发黄就剪掉。"
    assert said.share_of_new(db, "a.example", other) > 0.4
    assert said.share_of_new(db, "b.example", "\n".join(lines)) > 0.9
    assert said.share_of_new(db, "a.example", "") == 1.0
    db.conn.close()


@pytest.mark.parametrize(("own", "new"), [(60, False), (200, True)])
def test_a_page_that_is_a_third_its_own_is_new_and_one_that_is_an_eighth_is_not(
    tmp_path: Path, own: int, new: bool
) -> None:
    db = open_writer(tmp_path / "corpus.db")
    stock, other = (
        (ARTICLES / f"{name}.txt").read_text("utf-8").partition("\n")[2] for name in ("credit-report", "mortgage-late")
    )
    said = Said()
    assert not nothing_new(db, said, [("http://a.example/a.html", "a.example", stock)])
    found = nothing_new(db, said, [("http://a.example/b.html", "a.example", stock[:400] + other[:own])])
    assert (not found) is new
    db.conn.close()


def test_numbers_say_nothing() -> None:
    assert sample("欠款三千元以后他打了电话") == sample("欠款三千元12以后他打了34电话")


@pytest.mark.parametrize(("tried", "named", "left"), [(20, 6 * 20, True), (45, 6 * 45, False), (200, 200, True)])
def test_what_only_articles_name_is_a_sample(tried: int, named: int, left: bool) -> None:
    """Fourteen articles that a list names: of pages that name six new ones each fewer are tried than of a chain's."""
    known: Known = {
        PAIR[0]: Yield(14, 14, 0, 0),
        "/show?id=N < /": Yield(14, 14, 0, 0),
        PAIR[2]: Yield(tried, 0, named, 0),
    }
    assert (room(known, PAIR, {})[0] > 0) == left
    assert room(known, (*PAIR[:2], "/show?id=N < /"), {})[0] > 0
