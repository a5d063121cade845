"""Where places of a page contradict each other, whom a reader would believe; and what alone is believed by nobody."""

import pytest

from chaffinch.article.facts.labels import Label, Place
from chaffinch.article.facts.metadata import Metadata, read
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse

RIGHT, WRONG = "2024-03-05", "2021-10-11"
# What a line says, and where it stands.
LINES: dict[str, tuple[str, Place]] = {
    "published": ("发布时间：{}", "head"),
    "time": ("时间：{}", "head"),
    "byline": ("{} 来源：本站", "head"),
    "day": ("{}", "head"),
    "changed": ("更新于 {}", "head"),
    "clock": ("{} 星期二", "head"),
    "published, above the title": ("发布时间：{}", "above"),
    "day, above the title": ("{}", "above"),
    "day, in the text": ("{}", "opening"),
    "published, behind the text": ("发布时间：{}", "tail"),
    "byline, behind the text": ("{} 来源：本站", "tail"),
    "day, behind the text": ("{}", "tail"),
}
ELEMENTS = {
    "json": '<script type="application/ld+json">{{"@type":"Article","datePublished":"{}"}}</script>',
    "meta": '<meta name="pubdate" content="{}">',
    "loose meta": '<meta name="date" content="{}">',
    "changed meta": '<meta property="article:modified_time" content="{}">',
    "named element": '<p><time class="entry-date published">{}</time></p>',
    "element": "<p><time>{}</time></p>",
    "element of a list": "<ul><li><time>{}</time></li></ul>",
}


def page(*said: tuple[str, str]) -> Metadata:
    """What is read of a page that says each day at its place."""
    lines = [Label(LINES[place][0].format(day), LINES[place][1]) for place, day in said if place in LINES]
    html = "".join(ELEMENTS[place].format(day) for place, day in said if place in ELEMENTS)
    days = [day.replace("-", "/") for place, day in said if place == "url"]
    return read(elements(parse(f"<body>{html}</body>")), lines, f"http://a.example/{''.join(days)}/1.html")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        # What a page shows its readers and calls so, before what it tells machines; these before what it does not name.
        ("published", "json"),
        ("published", "time"),
        ("json", "time"),
        ("json", "meta"),
        ("time", "meta"),
        ("meta", "named element"),
        ("meta", "byline"),
        ("named element", "element"),
        ("element", "byline"),
        ("element", "loose meta"),
        ("byline", "loose meta"),
        ("byline", "day"),
        ("loose meta", "day"),
        ("day", "url"),
        # When it was changed, or looked at, is not when it came out.
        ("day", "changed"),
        ("url", "changed"),
        ("url", "changed meta"),
        ("day", "clock"),
        ("changed", "clock"),
        # A site's head has days of its own, a text those of its story, the foot whatever there is.
        ("json", "published, above the title"),
        ("day", "day, above the title"),
        ("day, above the title", "changed"),
        ("published, above the title", "meta"),
        ("url", "day, in the text"),
        ("url", "byline, behind the text"),
        ("published, behind the text", "url"),
        ("meta", "published, behind the text"),
        # Several places that agree.
        ("meta + url", "published"),
        ("json + meta + element", "published"),
        ("published", "element + url"),
        ("published", "byline + url"),
    ],
)  # fmt: skip
def test_of_two_days_the_better_attested_is_read(right: str, wrong: str) -> None:
    said = [(place, day) for places, day in ((wrong, WRONG), (right, RIGHT)) for place in places.split(" + ")]
    assert page(*said).published == page(*said[::-1]).published == RIGHT


@pytest.mark.parametrize(
    ("place", "believed"),
    [
        ("day", True),
        ("clock", True),
        ("changed", True),
        ("changed meta", True),
        ("url", True),
        ("day, above the title", True),
        ("byline, behind the text", True),
        ("day, in the text", False),
        ("day, behind the text", False),
        ("element of a list", False),
    ],
)
def test_a_day_that_is_the_story_s_or_another_article_s_is_not_read(place: str, believed: bool) -> None:
    assert page((place, RIGHT)).published == (RIGHT if believed else None)


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        # Two letters are a section's name, four may be a title.
        ("<title>问答 - 逾期三天会上征信吗</title><h2>问答</h2>", "逾期三天会上征信吗"),
        ("<title>网贷逾期_小城债务知识网</title><h1>网贷逾期</h1>", "网贷逾期"),
    ],
)
def test_how_short_a_title_may_be(html: str, wanted: str) -> None:
    assert read(elements(parse(html)), []).title == wanted


@pytest.mark.parametrize(
    ("line", "published"),
    [
        # All that a byline has, in one line.
        ("来源：南城晚报 作者：小陈 责任编辑：小周 浏览：1204次 评论：5条 字号：大 中 小 2024-03-05 10:20:30", RIGHT),
        # A few words beside a day, and a headline that has one.
        ("南城讯，2024-03-05，晴转多云", RIGHT),
        ("借呗逾期，2024-03-05的新规会影响谁", None),
        # A sentence that speaks of a page's day.
        (
            "小陈把那张网页打印出来交给法官，网页上写着发布时间：2024-03-05，而借条上的日子比它晚了整整两个月，"
            "法官于是请对方说明合同是在哪一天、由谁、在什么地方签的，对方拿不出别的证据来，只好承认日子是后来补上去的",
            None,
        ),
    ],
)
def test_a_line_beside_the_title_tells_the_day(line: str, published: str | None) -> None:
    found = read(elements(parse("<p>")), [line]).published
    assert (found and found[:10]) == published


@pytest.mark.parametrize(
    "line",
    [
        "发布于 南城债务频道 2024-03-05",  # the label is for the day behind the section
        "活动截止前报名有礼品相送，数量有限先到先得 来源：本站 2024-03-05",  # and this one for something else
    ],
)
def test_a_label_is_for_the_day_that_it_stands_near(line: str) -> None:
    assert read(elements(parse("<p>")), [line, "2021-10-11 浏览：5"]).published == RIGHT
