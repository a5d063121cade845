"""What a page says about its article, and where it says so. Every number found can be traced to its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from lxml.html import HtmlElement

LABEL_LINE = 90  # characters; a longer line is the article's text, not a label

_SPACE = re.compile(r"\s+")

_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)\s?[日号號]?"
    r"(?:[T\s,\uff0c|]{0,3}(\d{1,2})\s?[:时時點点:]\s?(\d{1,2})(?:\s?[:\uff1a分]\s?(\d{1,2}))?(?:\.\d{1,9})?"
    r"\s?(Z|[+-]\d\d:?\d\d)?)?"
)
_ENGLISH_ORDER = re.compile(r"(?<!\d)(\d{1,2})\s?月\s?(\d{1,2})(?:st|nd|rd|th)?,?\s{0,2}((?:19|20)\d\d)(?!\d)")
_COMPACT_DATE = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?(?!\d)")
_SHORT_YEAR = re.compile(r"(?:更新|发布|發布|日期|时间|時間)[^\d]{0,6}(\d\d)-(\d\d)-(\d\d)(?!\d)")
_DATE_LABEL = re.compile(r"发布|發布|发表|發表|时间|時間|日期|更新|来源|來源|稿源|作者|编辑|浏览|阅读|点击")
_URL_DATE = re.compile(r"/(20\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)")

_JSON_LD_DATE = re.compile(r'"(?:datePublished|pubDate|uploadDate)"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_JSON_LD_AUTHOR = re.compile(
    r'"author"\s{0,9}:\s{0,9}(?:\[\s{0,9})?(?:\{[^{}]{0,300}?"name"\s{0,9}:\s{0,9})?"([^"\\]{1,40})"'
)
_META_DATES = (
    "article:published_time", "og:published_time", "bytedance:published_time", "datepublished", "pubdate",
    "publishdate", "publish_date", "publish-date", "publish_time", "publishtime", "og:release_date", "date",
    "weibo:article:create_at", "weibo: article:create_at", "dc.date", "dcterms.created", "originalpublicationdate",
    "sailthru.date", "article:modified_time", "og:updated_time", "og:time",
)  # fmt: skip
_META_AUTHORS = ("author", "article:author", "og:article:author", "dc.creator", "twitter:creator")
_META_CATEGORIES = ("article:section", "og:article:section", "og:category", "category")

_MAY_BE_LABEL = re.compile(r"[\d>»›:\uff1a/]|[评評]论")
_NUMBER = r"(\d{1,9}(?:[,\uff0c]\d{3}){0,3}(?:\.\d{1,3})?)\s?([wWkK万萬千]?)"
_DEGREES = re.compile(r"(?:^|\s)(?:([^\s\d|/·•]{2,12})\s*)?" + _NUMBER + r"\s?[℃°](?:\s+(\d{1,7})(?!\d))?")
_HEAT = re.compile(
    r"(浏览|瀏覽|阅读|閱讀|点击|點擊|人气|人氣|热度|熱度|围观|圍觀|查看|访问|訪問|已阅|已读|播放|views?|reads?|hits?)"
    r"(?:次数|次數|数|數|量|人数|率)?\s?[:\uff1a(\uff08【\[]?\s?" + _NUMBER + r"(?![\d.:-]|\s?[年月日])",
    re.IGNORECASE,
)
_HEAT_AFTER = re.compile(
    r"(?<![\d.:-])" + _NUMBER + r"\s?\+?\s?(?:人|次|个人)?\s?(?:已|次)?"
    r"(浏览|瀏覽|阅读|閱讀|点击|點擊|围观|圍觀|看过|看過|访问|訪問|阅|读|views?|hits?|℃)",
    re.IGNORECASE,
)
_GLUED_HEAT = re.compile(r"^([\u4e00-\u9fff]{2,6})(\d{1,4}\.\d{1,2})\s?([wW万])$")
_DATE_AND_NUMBER = re.compile(r"^20\d\d-\d\d-\d\d(?:\s\d\d:\d\d(?::\d\d)?)?\s{1,3}(\d{1,7})$")
_COMMENTS = re.compile(
    r"(?:评论|評論|回复|回覆|留言|跟帖|comments?)(?:数|數|量)?\s?[:\uff1a(\uff08【\[]?\s?(\d{1,7})(?![\d.:/-]|\s?[年月])",
    re.IGNORECASE,
)
_COMMENTS_AFTER = re.compile(
    r"(?<![\d.:/-])(\d{1,7})\s?(?:条|則|则|个|條)?\s?(?:评论|評論|回复|留言|跟帖|comments?)", re.IGNORECASE
)
_NO_COMMENTS = re.compile(r"(?:没有|暂无|沒有|暫無|抢沙发)(?:任何)?(?:评论|評論|留言)?")
_AUTHOR = re.compile(
    r"(?:作者|撰文|撰稿|文字|文)\s?[:\uff1a/]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d]{2,16})"
)
_NOT_AUTHORS = frozenset(
    ["来源", "來源", "时间", "时间", "日期", "浏览", "阅读", "编辑", "责任编辑", "责编", "字体", "栏目", "未知", "网络"]
)
_CATEGORY = re.compile(
    r"(?:栏目|欄目|分类|分類|类别|频道|类目|版块)\s?[:\uff1a]\s?([^\s:\uff1a|/()\uff08\uff09【】\[\],\uff0c。;\uff1b\d]{2,12})"
)
_CRUMB_START = re.compile(
    r"(?:当前|當前|现在|您的|你的)?(?:所在)?位置\s?[:\uff1a]|^\s?(?:首页|首頁|主页|网站首页)\s?[>\uff1e»›/→\\-]"
    r"|^(?=[^>»]{2,20}[>»].{0,40}[>»]\s?正文)"
)
_CRUMB = re.compile(r"\s?(?:>|\uff1e|»|›|/|→|\\|--?)\s?")
_NOT_LEVELS = re.compile(
    r"^(?:.{0,8}(?:首页|首頁|主页|位置).{0,2}|正文(?:内容)?|内容|内容页|详情|详细内容|文章(?:正文|内容|详情)?"
    r"|浏览文章|阅读文章|home)$",
    re.IGNORECASE,
)

_STRONG_SEPARATOR = re.compile(
    r"\s*[_|\uff5c»]\s*|\s+[-–—·]\s+|\s*--\s*"
    r"|(?<=[\u4e00-\u9fff?!)\uff1f\uff01\uff09])[-–](?=[\u4e00-\u9fff【])"
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of `Article` that are not its text; `sources` says of each where it was read."""

    title: str = ""
    published: str | None = None
    author: str | None = None
    category: str | None = None
    heat: int | None = None
    comments: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


def read(tree: HtmlElement, lines: Sequence[str], url: str = "") -> Metadata:
    """Metadata of a parsed page: its head first, then `lines`, the short lines about its article, best first."""
    head = _head(tree)
    seen = read_lines(lines)
    sources = dict(seen.sources)
    title, sources["title"] = read_title(tree, head)
    published = _first(
        sources, "published", _dates_of_head(tree, head), [(seen.published, sources.get("published", ""))],
        [(url_date(url), "url")],
    )  # fmt: skip
    author = _first(sources, "author", _authors_of_head(tree, head), [(seen.author, sources.get("author", ""))])
    category = _first(
        sources, "category", [(seen.category, sources.get("category", ""))],
        ((head.get(name), f"meta {name}") for name in _META_CATEGORIES),
    )  # fmt: skip
    return Metadata(title, published, author, category, seen.heat, seen.comments, sources)


def _first(sources: dict[str, str], name: str, *groups: Iterable[tuple[str | None, str]]) -> str | None:
    for group in groups:
        for value, source in group:
            if value:
                sources[name] = source
                return value
    return None


def _head(tree: HtmlElement) -> dict[str, str]:
    """Meta elements by lower-case name, the first of each."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop")
        content = node.get("content")
        if name and content and len(found) < 200:
            found.setdefault(name.strip().lower()[:60], _collapse(content[:500]))
    return found


def _collapse(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


# Title


def read_title(tree: HtmlElement, head: Mapping[str, str]) -> tuple[str, str]:
    """The title without the site's name, and its source: "h1", "og:title" or "title"; ("", "") for none."""
    node = next(tree.iter("title"), None)
    whole = _collapse((node.text or "")[:1_000]) if node is not None else ""
    og = head.get("og:title", "")
    segments = _STRONG_SEPARATOR.split(whole)
    longest = max(map(len, segments))
    first_h1 = ""
    for count, heading in enumerate(tree.iter("h1", "h2", "h3")):
        if count > 40:
            break
        text = _collapse("".join(heading.itertext())[:300])
        if len(text) < 4:
            continue
        if whole and (whole.startswith(text) or (text in whole and len(text) >= longest)):
            return text, heading.tag
        if heading.tag == "h1" and not first_h1:
            first_h1 = text
    if og:
        return strip_site(og, head.get("og:site_name", "")), "og:title"
    if whole:
        return strip_site(whole, head.get("og:site_name", "")), "title"
    return first_h1, "h1" if first_h1 else ""


def strip_site(title: str, site: str = "") -> str:
    """A title up to its first separator, unless what stands there is too short to be one."""
    if site and title.endswith(site) and len(title) > len(site) + 4:
        title = title[: -len(site)].rstrip(" -_|–—·")
    segments = [segment for segment in _STRONG_SEPARATOR.split(title) if segment]
    if not segments:
        return title
    return segments[0] if len(segments[0]) >= 6 else max(segments, key=len)


# Dates


def parse_date(text: str, *, compact: bool = False) -> str | None:
    """The first date of a text as ISO 8601, with its time if one follows; None for none or an impossible one."""
    if match := _DATE.search(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return _iso(year, month, day, hour, minute, second, zone)
    if match := _ENGLISH_ORDER.search(text):
        return _iso(match[3], match[1], match[2])
    if match := _SHORT_YEAR.search(text):
        return _iso("20" + match[1], match[2], match[3])
    if compact and (match := _COMPACT_DATE.search(text)):
        return _iso(*match.groups())
    return None


def _iso(
    year: str, month: str, day: str, hour: str | None = None, minute: str | None = None,
    second: str | None = None, zone: str | None = None,
) -> str | None:  # fmt: skip
    try:
        found = datetime(int(year), int(month), int(day))
    except ValueError:
        return None
    if not date(1990, 1, 1) <= found.date() <= datetime.now(UTC).date() + timedelta(days=1):
        return None
    if hour is None or minute is None:
        return found.date().isoformat()
    try:
        time = found.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    except ValueError:
        return found.date().isoformat()
    suffix = "" if zone is None else "+00:00" if zone == "Z" else zone if ":" in zone else zone[:3] + ":" + zone[3:]
    return time.isoformat() + suffix


def url_date(url: str) -> str | None:
    """The day that a URL's path names, as `/2022/1115/` or `/20221115/`."""
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return None
    return _iso(*match.groups()) if match else None


def _dates_of_head(tree: HtmlElement, head: Mapping[str, str]) -> Iterable[tuple[str | None, str]]:
    for text in _json_ld(tree):
        for match in _JSON_LD_DATE.finditer(text):
            yield parse_date(match[1], compact=True), "json-ld"
    for name in _META_DATES:
        if name in head:
            yield parse_date(head[name], compact=True), f"meta {name}"
    for count, node in enumerate(tree.iter("time")):
        if count > 20:
            break
        yield parse_date(node.get("datetime") or (node.text or "")[:80]), "time"


def _authors_of_head(tree: HtmlElement, head: Mapping[str, str]) -> Iterable[tuple[str | None, str]]:
    for text in _json_ld(tree):
        if match := _JSON_LD_AUTHOR.search(text):
            yield _collapse(match[1]), "json-ld"
    for name in _META_AUTHORS:
        if name in head and len(head[name]) <= 30 and "/" not in head[name]:
            yield head[name], f"meta {name}"


def _json_ld(tree: HtmlElement) -> Iterable[str]:
    """The page's JSON-LD as text: it is broken too often to be parsed."""
    for node in tree.iter("script"):
        if "ld+json" in node.get("type", "") and node.text:
            yield node.text[:100_000]


# Visible lines


def read_lines(lines: Sequence[str]) -> Metadata:
    """What label lines say (`催收科普 4℃ 0`, `栏目:行业资讯 浏览:16`, a breadcrumb); the first line wins a field."""
    found: dict[str, str | int] = {}
    sources: dict[str, str] = {}
    for line in lines:
        if len(line) <= LABEL_LINE and _MAY_BE_LABEL.search(line):
            for name, value, source in _label(line):
                if name not in found:
                    found[name], sources[name] = value, f"line: {source}"
    published, author, category = (found.get(name) for name in ("published", "author", "category"))
    heat, comments = found.get("heat"), found.get("comments")
    return Metadata(
        "",
        published if isinstance(published, str) else None,
        author if isinstance(author, str) else None,
        category if isinstance(category, str) else None,
        heat if isinstance(heat, int) else None,
        comments if isinstance(comments, int) else None,
        sources,
    )


def is_label(line: str) -> bool:
    """Whether a line says something about the article instead of being part of it."""
    return len(line) <= LABEL_LINE and bool(_MAY_BE_LABEL.search(line)) and next(iter(_label(line)), None) is not None


def _label(line: str) -> Iterable[tuple[str, str | int, str]]:
    """(field, value, source) of one short line."""
    if category := _breadcrumb(line):
        yield "category", category, "breadcrumb"
    if match := _DEGREES.search(line):
        if match[1]:
            yield "category", match[1], "N℃"
        yield "heat", number(match[2], match[3]), "N℃"
        if match[4]:
            yield "comments", int(match[4]), "N℃ M"
    if match := _GLUED_HEAT.match(line):
        yield "category", match[1], "category and number"
        yield "heat", number(match[2], match[3]), "category and number"
    if match := _HEAT.search(line):
        yield "heat", number(match[2], match[3]), match[1]
    elif match := _HEAT_AFTER.search(line):
        yield "heat", number(match[1], match[2]), match[3]
    elif match := _DATE_AND_NUMBER.match(line):
        yield "heat", int(match[1]), "date and number"
    if match := _COMMENTS.search(line) or _COMMENTS_AFTER.search(line):
        yield "comments", int(match[1]), "评论"
    elif _NO_COMMENTS.fullmatch(line):
        yield "comments", 0, line[:20]
    if (match := _AUTHOR.search(line)) and match[1] not in _NOT_AUTHORS:
        yield "author", match[1], "作者"
    if match := _CATEGORY.search(line):
        yield "category", match[1], "栏目"
    if (published := parse_date(line)) and "。" not in line:
        label = _DATE_LABEL.search(line)
        if label or len(line) < 30:
            yield "published", published, label[0] if label else "date"


def number(digits: str, unit: str = "") -> int:
    """`2.43`, `W` → 24300; `1,234` → 1234."""
    value = float(re.sub("[,\uff0c]", "", digits))
    return round(value * {"w": 10_000, "万": 10_000, "萬": 10_000, "k": 1_000, "千": 1_000}.get(unit.lower(), 1))


def _breadcrumb(line: str) -> str | None:
    """The last level of a breadcrumb that names a section, not the page."""
    if not (match := _CRUMB_START.search(line)):
        return None
    levels = _CRUMB.split(line[match.start() :].replace("\uff1a", ":").split(":", 1)[-1])
    named = [level.strip() for level in levels[:-1] if level.strip() and not _NOT_LEVELS.match(level.strip())]
    return named[-1] if named and len(named[-1]) <= 20 else None
