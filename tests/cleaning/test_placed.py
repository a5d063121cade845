"""Lines that no rule knows go where furniture stands, told by a model that knows no word."""

import json
import time
from importlib.resources import files

import pytest

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.cleaning.place import fitted
from chaffinch.items import Article, Block, Cleaned
from chaffinch.text.lines import Line, view_of

TITLE = "旧自行车怎样翻新"
BODY = (
    "先把链条拆下来泡在煤油里，过半天再用旧牙刷刷干净，晾干以后上一点缝纫机油就行。",
    "车架上的锈用细砂纸顺着一个方向打磨，磨到露出亮色为止，再喷两遍底漆，每遍隔一天。",
    "轮圈如果有些偏，就拨动辐条上的小螺母，左边松一点，右边紧一点，转起来看齐了再停。",
    "最后换一副新的把套和座垫，车铃擦一擦还能响，骑出去邻居都当是刚买回来的新车。",
)
RULES = load_rules()


def cleaned(*lines: str, title: str = TITLE) -> Cleaned:
    return clean(Article("http://a.example/1", title, tuple(map(Block, lines))), RULES, bytes(32))


def by_place(found: Cleaned) -> list[str]:
    return [one.text for one in found.removed if one.rule == fitted.RULE]


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        # Between what rules know, at either end.
        ([TITLE, "2023-05-06 10:20", "青石巷老铺 7 3", "阅读 12", *BODY], "青石巷老铺 7 3"),
        ([TITLE, *BODY, "上一篇：怎样补胎", "❤ 9 ☆ 4", "暂无评论", "返回首页"], "❤ 9 ☆ 4"),
    ],
)
def test_a_line_that_no_rule_knows_goes_where_furniture_stands(lines: list[str], gone: str) -> None:
    found = cleaned(*lines)
    assert gone in [one.text for one in found.removed]
    assert found.text == "\n".join(BODY)


@pytest.mark.parametrize(
    "line",
    [
        "链条和飞轮",  # a heading
        "第一步 拆链条",
        "拆洗的第二步：打磨车架",  # numbered inside
        "3. 轮圈",
        "《自行车安全要求》第十二条",  # a law
        "慢慢来。",  # a sentence
        "“真好看！”",
        "———",  # no word at all
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2, 4])
def test_an_articles_own_short_lines_stay(line: str, at: int) -> None:
    assert by_place(cleaned(*BODY[:at], line, *BODY[at:])) == []
    assert by_place(cleaned(TITLE, "阅读 12", *BODY[:at], line, *BODY[at:], "上一篇：怎样补胎")) == []


def test_prose_stays_wherever_it_stands() -> None:
    stray = "扫地机器人每天早上八点出门，绕着客厅走三圈，回到充电座上睡觉"
    assert by_place(cleaned(TITLE, "阅读 12", stray, "来源：南城网", *BODY)) == []
    assert by_place(cleaned(TITLE, *BODY, "上一篇：怎样补胎", stray, "暂无评论")) == []


def test_records_and_pages_of_short_lines_are_left_alone() -> None:
    record = ["材质：", "铝合金", "阅读 12"]
    assert by_place(cleaned(TITLE, *record, *BODY)) == []
    assert by_place(cleaned(TITLE, "一轮明月照古今", "阅读 12", BODY[0])) == []


def test_what_stands_beside_the_article_and_what_is_hidden_is_not_asked_about() -> None:
    lines = [Line(text, view_of(text), beside=text == "❤ 9 ☆ 4") for text in (*BODY, "❤ 9 ☆ 4", "☆ 8 ♡ 4")]
    assert fitted.Page(lines, TITLE).short == [5]


def page(*lines: str, taken: str = "", title: str = TITLE) -> fitted.Page:
    return fitted.Page([Line(text, view_of(text), "disclaimer" if text == taken else "") for text in lines], title)


def test_nothing_inside_the_text_is_asked_about() -> None:
    lines = ["甲乙", BODY[0], "丙丁", BODY[1], "戊己", "末了还有一句，不算长。", "庚辛", "上一篇：没有了"]
    assert page(*lines, taken=lines[-1]).short == [0, 6, 7]
    assert page(*lines[2:], taken=lines[-1]).short == [0, 4, 5]
    taken = [Line(text, view_of(text), "disclaimer" if text == BODY[1] else "") for text in lines[:5]]
    assert fitted.Page(taken, TITLE).short == [2, 4]  # and over one line of text all may be its own


def test_more_is_asked_of_a_line_beside_which_no_rule_took_any() -> None:
    lines = ["甲乙", *BODY, "怎样选底漆", "砂纸：八百目"]
    bare, ended = page(*lines), page(*lines, "上一篇：没有了", taken="上一篇：没有了")
    begun = page("首页 > 修车", *lines, taken="首页 > 修车")
    assert [bare.least(i) for i in bare.short] == [fitted.OPEN] * 3
    assert [ended.least(i) for i in ended.short] == [fitted.OPEN, *[fitted.LEAST] * 3]
    assert [begun.least(i) for i in begun.short] == [*[fitted.LEAST] * 2, *[fitted.OPEN] * 2]
    assert fitted.OPEN > fitted.LEAST


def test_what_a_text_announces_is_its_own_to_the_first_line_that_goes() -> None:
    lines = [*BODY, "底漆有好几种，先看下面三样：", "干得快", "盖得住", "上一篇：没有了", "丙丁"]
    assert page(*lines, taken="上一篇：没有了").short == [7, 8]


@pytest.mark.parametrize(
    "last",
    [
        "修车的说：“座垫也该换了，弹簧都露出来了。”",
        "链条松，刹车软，车铃不响，先修哪一样？",
        "老车便宜，多看几辆再定。不过：",
    ],
)
def test_what_is_said_in_clauses_is_text(last: str) -> None:
    assert page(*BODY, last, "上一篇：没有了", taken="上一篇：没有了").short == [5]


def test_the_model_was_fitted_to_what_is_measured() -> None:
    data = json.loads(files("chaffinch.config").joinpath(fitted.FILE).read_text(encoding="utf-8"))
    assert data["line"]["features"] == list(fitted.NAMES)
    scores = data["about"]["cross-validated, by host, template or page: of lines that no rule took"]
    assert scores["made"]["lines of articles taken"] < 0.01 * scores["made"]["lines of articles"]


def row(lines: list[str], asked: int, taken: set[int]) -> dict[str, float]:
    page = fitted.Page([Line(text, view_of(text)) for text in lines], TITLE)
    (values,) = page.rows([asked], [i in taken for i in range(len(lines))])
    return dict(zip(fitted.NAMES, values, strict=True))


def test_a_place_is_told_by_the_text_and_by_what_rules_took() -> None:
    lines = ["甲乙", "自行车 12", "阅读 12", *BODY, "丙丁", "戊己|庚", "上一篇", "尾"]
    head = row(lines, 1, {2, 9})
    assert (head["before"], head["after"], head["since_text"], head["till_text"]) == (0, 4, 10, 2)
    assert (head["between"], head["taken_behind"], head["till_taken"], head["since_taken"]) == (3, 1, 1, 9)
    assert (head["from_start"], head["from_end"], head["of_title"]) == (1, 9, 0.5)
    foot = row(lines, 8, {2, 9})
    assert (foot["before"], foot["after"], foot["since_text"], foot["till_text"]) == (4, 0, 2, 10)
    assert (foot["between"], foot["between_taken"], foot["separators"], foot["of_text"]) == (4, 0.25, 1, 0)


def test_places_far_from_everything_are_one() -> None:
    lines = [*BODY * 4, *["甲"] * 30, *BODY * 4]
    middle = row(lines, 31, set())
    assert (middle["before"], middle["after"]) == (6, 6)
    assert (middle["since_text"], middle["till_text"], middle["between"]) == (9, 9, 12)
    assert (middle["from_start"], middle["from_end"]) == (12, 12)
    assert (middle["since_taken"], middle["till_taken"]) == (9, 9)


def test_a_page_of_very_many_short_lines_is_bounded() -> None:
    lines = [Line(f"短 {n}", f"短 {n}") for n in range(20_000)]
    page = fitted.Page([*lines, *(Line(text, view_of(text)) for text in BODY)], TITLE)
    assert len(page.short) == 200
    start = time.process_time()
    fitted.mark(lines, TITLE)
    assert time.process_time() - start < 1
