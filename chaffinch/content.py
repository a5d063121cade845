"""Which node of a page holds the article: every block measured in one walk, then several candidates compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement

MAX_LABEL = 90  # characters of a line that may be a label
MAX_ELEMENTS = 60_000  # of one page that are measured

# Never part of an article's text.
SKIPPED_TAGS = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "frame",
        "object",
        "embed",
        "applet",
        "svg",
        "canvas",
        "map",
        "audio",
        "video",
        "head",
        "select",
        "option",
        "button",
        "input",
        "textarea",
        "datalist",
        "math",
    ]
)
# Tags that end a line of text.
BLOCK_TAGS = frozenset(
    [
        "html",
        "body",
        "div",
        "nav",
        "footer",
        "aside",
        "dialog",
        "menu",
        "section",
        "article",
        "main",
        "header",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "blockquote",
        "pre",
        "form",
        "fieldset",
        "figure",
        "figcaption",
        "address",
        "center",
        "details",
        "summary",
        "hr",
        "br",
        "hgroup",
    ]
)
_FURNITURE_TAGS = frozenset(["nav", "footer", "aside", "dialog", "menu"])
_CANDIDATE_TAGS = frozenset(
    ["body", "div", "section", "article", "main", "td", "form", "center", "table", "tbody", "tr", "dd", "blockquote"]
)
_SELF_CONTAINED = frozenset(
    [
        "p",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "dt",
        "pre",
        "tr",
        "th",
        "thead",
        "tfoot",
        "caption",
        "summary",
    ]
)

_PUNCTUATION = re.compile(r"[,。、;:!?\uff0c\uff1b\uff1a\uff01\uff1f…“”]")
# Names of what stands around articles. A match is evidence only: a block with most of the page's text stays.
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|respond|reply|replies|pinglun|share|shares|sharebar|bdshare\w{0,20}|social"
    r"|related|relates?|relative|relevant|xiangguan|recommend|recommends|recommended|tuijian|hot|hots|hotnews"
    r"|rank|ranking|paihang|sidebar|side|aside|nav|navbar|navi|menu|breadcrumbs?|crumbs?|mianbao\w{0,9}|foot"
    r"|footer|copyright|toolbar|prenext|prevnext|pagenavi|pager|pagebar|pagination|paging|login|search|ads?"
    r"|adv|advert\w{0,12}|guanggao|gg|banner|tags?|tagcloud|qrcode|erweima|widget|widgets|popup|modal|toc|subscribe|links?"
    r"|friendlink|youlian|author-?(?:info|box|card)|post-?(?:nav|navigation)|catalog)(?:$|[\s_-])"
    r"|(?:related|recommend|sidebar|breadcrumb|comment|tuijian|xiangguan|shangxia|prenext|guanggao)",
    re.IGNORECASE,
)
# Containers that common systems put the article in (Z-Blog, WordPress, DedeCMS, EmpireCMS, PHPCMS, TRS, Discuz).
_ARTICLE = re.compile(
    r"(?:^|[\s_-])(?:article|articlebody|article-?(?:content|body|text|con|main|detail)|art-?(?:con|content|body|text)"
    r"|artibody|content|contents|contenttext|content-?(?:text|main|detail|body)|con|context|endtext|entry|entry-?content"
    r"|post-?(?:content|body|text|entry|con)|postbody|posttext|news-?(?:content|con|text|body|detail)|newscontent"
    r"|detail|details|detail-?(?:content|con|body|text)|info-?(?:content|con)|text|zoom|fontzoom|trs_editor|trs_ueditor"
    r"|ucapcontent|js_content|rich_media_content|vsb_content|v_news_content|main-?(?:content|text)|maintext|zw|zhengwen"
    r"|neirong|nr|wz|wzcontent|single-?content|markdown-body|htmlcontent|show-?(?:content|con)|body|bodytext|read-?content"
    r"|t_fsz|t_f)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s{0,5}:\s{0,5}none", re.IGNORECASE)


@dataclass(slots=True)
class Measure:
    """One block element: lengths in characters, own text first, with all that is inside it after `_add_up`."""

    node: HtmlElement
    parent: int  # index of the measure around it, -1 for the root
    text: float = 0.0  # in running sentences
    noise: float = 0.0  # in links and in short lines without punctuation
    link: int = 0
    chars: int = 0
    excluded: bool = False  # furniture or hidden
    hinted: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The article's node, what to leave out of it, and how much text it has."""

    node: HtmlElement
    excluded: frozenset[HtmlElement]
    text: float
    noise: float
    link: int
    chars: int
    labels: tuple[str, ...]  # short lines at the node's head and before it, then after it: nearest first


def choose(tree: HtmlElement) -> Choice | None:
    """The node that holds the article, or None for a page without a line of text.

    The scores are those of maximum subsequence segmentation (Pasternack and Roth, 2009) carried to the tree:
    a line of sentences adds its length, a line of links or a bare label takes some away, and the best subtree
    is narrowed to the deepest node that keeps nearly all of its text.
    """
    measures, lines = measure(tree)
    _exclude_furniture(measures)
    _add_up(measures)
    best = max(range(len(measures)), key=lambda i: _score(measures[i]), default=None)
    if best is None or measures[0].chars == 0:
        return None
    chosen = _hinted(measures, _narrow(measures, best))
    found = measures[chosen]
    excluded = frozenset(m.node for m in measures if m.excluded and m is not found)
    return Choice(
        found.node, excluded, found.text, found.noise, found.link, found.chars, _labels(measures, lines, chosen)
    )


def _labels(measures: list[Measure], lines: list[tuple[int, str]], chosen: int) -> tuple[str, ...]:
    last = chosen  # a subtree is a run of measures
    while last + 1 < len(measures) and measures[last + 1].parent >= chosen:
        last += 1
    before = [text for i, text in lines if i < chosen]
    inside = [text for i, text in lines if chosen <= i <= last]
    after = [text for i, text in lines if i > last]
    return (*inside[:6], *before[:-40:-1], *inside[-4:], *after[:15])


def measure(tree: HtmlElement) -> tuple[list[Measure], list[tuple[int, str]]]:
    """Every block of a page with the weight of its own lines, and its short lines, in document order."""
    measures: list[Measure] = []
    lines: list[tuple[int, str]] = []  # (index of the block, text)
    parts: list[str] = []
    stack: list[int] = []
    chars = link = marks = links = 0

    def flush() -> None:
        nonlocal chars, link, marks
        if chars and stack:
            own = measures[stack[-1]]
            own.chars += chars
            if chars <= MAX_LABEL:
                lines.append((stack[-1], " ".join("".join(parts).split())))
            own.link += link
            if link * 2 > chars:
                own.noise += min(chars, 30)
            elif marks and chars >= 8:
                own.text += chars - link
            elif chars >= 20:
                own.text += 0.5 * chars
            else:
                own.noise += 0.2 * chars
        chars = link = marks = 0
        parts.clear()

    def add(text: str) -> None:
        nonlocal chars, link, marks
        size = len(text) if not text.isspace() else 0
        if size > 8 and (text[0].isspace() or text[-1].isspace()):
            size = len(text.strip())
        parts.append(text)
        if size:
            chars += size
            if links:
                link += size
            else:
                marks += len(_PUNCTUATION.findall(text))

    walk = etree.iterwalk(tree, events=("start", "end"))
    seen = 0
    for event, node in walk:
        tag = node.tag
        if event == "start":
            seen += 1
            if seen > MAX_ELEMENTS:
                break
            if tag in SKIPPED_TAGS:
                walk.skip_subtree()
                continue
            if tag in BLOCK_TAGS:
                flush()
                if tag not in _SELF_CONTAINED or not stack:
                    measures.append(_new(node, stack[-1] if stack else -1))
                    stack.append(len(measures) - 1)
            elif tag == "a":
                links += 1
            if node.text:
                add(node.text)
        else:
            if tag in BLOCK_TAGS:
                flush()
                if stack and measures[stack[-1]].node is node:
                    stack.pop()
            elif tag == "a":
                links = max(0, links - 1)
            if node.tail and stack:
                add(node.tail)
    flush()
    return measures, lines


def _new(node: HtmlElement, parent: int) -> Measure:
    found = Measure(node, parent)
    attributes = node.attrib
    if attributes:
        names = f"{attributes.get('id', '')} {attributes.get('class', '')}"
        found.hinted = (len(names) > 1 and bool(_ARTICLE.search(names[:200]))) or "articleBody" in attributes.get(
            "itemprop", ""
        )
        found.excluded = (
            (len(names) > 1 and bool(_FURNITURE.search(names[:200])))
            or "hidden" in attributes
            or bool(_HIDDEN_STYLE.search(attributes.get("style", "")[:300]))
        )
    if node.tag in ("article", "main"):
        found.hinted = True
    elif node.tag in _FURNITURE_TAGS:
        found.excluded = True
    return found


def _exclude_furniture(measures: list[Measure]) -> None:
    """Keep `excluded` only where it does not take most of the page's sentences away."""
    sums = [m.text for m in measures]
    for i in range(len(measures) - 1, 0, -1):
        sums[measures[i].parent] += sums[i]
    for i, m in enumerate(measures):
        if m.excluded and (m.node.tag in ("body", "html") or sums[i] > 0.4 * sums[0]):
            m.excluded = False


def _add_up(measures: list[Measure]) -> None:
    for i in range(len(measures) - 1, 0, -1):
        m = measures[i]
        if m.excluded:
            continue
        around = measures[m.parent]
        around.text += m.text
        around.noise += m.noise
        around.link += m.link
        around.chars += m.chars


def _score(m: Measure) -> float:
    return -1e9 if m.excluded else m.text - m.noise


def _narrow(measures: list[Measure], chosen: int) -> int:
    """The deepest candidate inside that keeps nearly all the text."""
    least = 0.88 * measures[chosen].text
    for i in range(chosen + 1, len(measures)):
        m = measures[i]
        if m.parent == chosen and not m.excluded and m.text >= least and m.text > 0 and m.node.tag in _CANDIDATE_TAGS:
            chosen = i
    return chosen


def _hinted(measures: list[Measure], chosen: int) -> int:
    """A container named as an article's, if it is about as good as the choice made by text alone."""
    hinted = [i for i, m in enumerate(measures) if m.hinted and not m.excluded and m.text > 2 * m.noise]
    best = max(hinted, key=lambda i: _score(measures[i]), default=chosen)
    if measures[best].text < 0.6 * measures[chosen].text:
        return chosen
    return _narrow(measures, best) if best < chosen else best
