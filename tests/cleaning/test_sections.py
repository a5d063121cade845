"""Headings that say half of a title each are the article's; what else stands around a title and a text goes."""

import pytest

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Block, Cleaned

BODY = (
    "番茄的腋芽长得快，三天不看就是一根枝，掐的时候留一小截，伤口不容易烂到主茎上去。",
    "掐下来的嫩枝插在湿沙里，半个月就能生根，又是一棵苗，秋天还来得及结一茬果子。",
    "浇水要看天，连着晴就隔天浇一次，浇在根上，叶子上沾了水反倒容易生斑，早晚都行。",
)
HALVES = ("种番茄要不要掐尖", "什么时候掐才合适")
RULES = load_rules()


def cleaned(*lines: str, title: str) -> Cleaned:
    return clean(Article("http://a.example/1", title, tuple(map(Block, lines))), RULES, bytes(32))


@pytest.mark.parametrize("title", ["？".join(HALVES), " ".join(HALVES)])
def test_two_halves_of_a_title_over_text_of_their_own_are_headings(title: str) -> None:
    lines = [HALVES[0], BODY[0], HALVES[1], "第一穗花开了就动手。", *BODY[1:]]
    assert cleaned(" ".join(HALVES), *lines, title=title).text == "\n".join(lines)


def test_one_half_of_a_title_over_the_text_is_the_title_again() -> None:
    assert cleaned(HALVES[0], *BODY, title="？".join(HALVES)).text == "\n".join(BODY)


def test_a_heading_that_says_more_than_the_pages_title_is_one_over_a_byline() -> None:
    heading = "种番茄要不要掐尖？老农说这样做，多结一茬果子，今年就试试"
    assert cleaned(heading, "菜园子 2024-05-06 08:30", *BODY, title=HALVES[0]).text == "\n".join(BODY)
    assert heading in cleaned(heading, *BODY, title=HALVES[0]).text


def test_what_breaks_off_below_the_text_goes_with_the_list_over_it() -> None:
    others = ["茄子怎样整枝", "茄子分三次整枝，头一次在门茄坐住以后，把下面的侧枝全部抹掉，第二次再..."]
    assert cleaned(*BODY, "相关推荐", *others, title=HALVES[0]).text == "\n".join(BODY)
    assert cleaned(*BODY, others[1], title=HALVES[0]).text == "\n".join((*BODY, others[1]))


def test_the_beginning_of_the_text_behind_its_title_is_a_summary() -> None:
    assert cleaned(HALVES[0] + BODY[0][:34], "作者：老农 来源：菜园子", *BODY, title=HALVES[0]).text == "\n".join(BODY)


@pytest.mark.parametrize(("line", "goes"), [("315", True), ("The Start", True), ("01.", False), ("掐尖", False)])
def test_counters_and_other_letters_below_a_byline_are_of_the_head(line: str, goes: bool) -> None:
    lines = ["种菜 2024-05-06 08:30", line, "先看品种，再看天气。", *BODY]
    kept = cleaned(*lines, title=HALVES[0]).text.split("\n")
    assert (line not in kept) is goes


def test_a_heading_over_a_short_sentence_is_no_neighbours_title() -> None:
    lines = [*BODY, "掐尖以后怎么管", "多晒太阳，少浇水就行。", "番茄几天能红"]
    assert cleaned(*lines, title=HALVES[0]).text == "\n".join(lines[:-1])
