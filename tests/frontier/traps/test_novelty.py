"""What a text says that its site has not said before."""

from itertools import cycle
from pathlib import Path

import pytest
from sqlite_utils import Database

from chaffinch.corpus.connect import open_writer
from chaffinch.corpus.schema import migrations
from chaffinch.faces.demo import farm
from chaffinch.frontier.traps.novelty import Said, nothing_new, sample
from chaffinch.frontier.traps.url_shapes import Known, Yield, room
from chaffinch.text.canonical import canonical
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


def article(name: str) -> str:
    return (ARTICLES / f"{name}.txt").read_text("utf-8").partition("\n")[2]


@pytest.fixture
def said() -> tuple[Database, Said]:
    """What a site with many articles on one subject has said."""
    db, said = Database(memory=True), Said()
    migrations.apply(db)
    for file in sorted(ARTICLES.glob("*.txt")):
        if file.stem != "mortgage-late":
            said.share_of_new(db, "a.example", canonical(article(file.stem)))
    return db, said


@pytest.mark.parametrize(("own", "new"), [(60, False), (200, True)])
def test_a_page_that_is_a_third_its_own_is_new_and_one_that_is_an_eighth_is_not(
    said: tuple[Database, Said], own: int, new: bool
) -> None:
    """Its own words are those of the subject, which the site has used in other sentences."""
    text = article("credit-report")[:400] + article("mortgage-late")[:own]
    assert (not nothing_new(*said, [("http://a.example/b.html", "a.example", canonical(text))])) is new


def test_a_lenders_name_in_each_sentence_makes_no_new_article(said: tuple[Database, Said]) -> None:
    names = cycle(("小赢", "桔子", "宜享", "洋钱", "榕树"))
    text = "".join(f"{next(names)}{sentence}。" for sentence in article("alipay-contacts").split("。"))
    assert nothing_new(*said, [("http://a.example/b.html", "a.example", canonical(text))])


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
