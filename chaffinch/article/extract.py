"""From a decoded page to an article: node, blocks and metadata, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaffinch.article.blocks import beside, blocks, fragment
from chaffinch.article.facts import metadata
from chaffinch.article.facts.labels import is_label, read_labels
from chaffinch.article.hidden.visibility import Hidden, hidden
from chaffinch.article.node.choose import Choice, choose
from chaffinch.article.not_article import MAX_CHARS, MIN_CHARS, own_chars, reason_of
from chaffinch.items import Article, Block, Document, NotArticle, facts_of
from chaffinch.page.elements import Elements, elements
from chaffinch.page.parse import MAX_HTML, MAX_TAGS, parse, without_images

FORMAT_CHARS = 4_000  # at a document's start that tell whether it is HTML (cost)

_CLAUSE = "?!,\uff1f\uff01\uff0c"  # ends the first clause of a title
_CRUMB = re.compile(r"位置|首[页頁]|主[页頁]|[>»›]")
_CLAUSES = re.compile(r"[?!,\uff1f\uff01\uff0c \u3000]")
_OPENING = 6  # characters of a clause that another line says again (by hand)
_NOT_TITLE = re.compile(
    "|".join((
        r"[。;\uff1b…,\uff0c、:\uff1a]$|。.|^[-—•·*]|^[一二三四五六七八九十]{1,2}、",  # sentences, items
        r"欢迎|歡迎|^您好|當前位置|当前位置|https?:|^(?:网站)?(?:首页|首頁|主页)|\s正文$|[>»›].{1,20}[>»›]",
        r"^(?:来源|來源|作者|原创|编辑|栏目|分类|来自|(?:专栏|栏目)名称|公众号|机构)\s?[:\uff1a|丨]",
        r"^[(（][^()（）]*(?:图片|圖片|侵删)[^()（）]*[)）]$|^[图圖]片|网友.{0,4}分享$|^!\[",
        r"^(?:律师|专家|网友|法律)?(?:解答|解析|回答|导读)$|严审$|^编者按|^.{0,4}声明\s?[:\uff1a]",
        r"^(?:相关|最新|热门|推荐)(?:文章|阅读|推荐|更新|资讯)|^(?:打开|点击|下载|展开|查看).{0,20}(?:查看|图片|APP|客户端)",
        r"\+.{1,6}\+|客户端 |手机版$|_第[0-9]{1,4}页$",
    ))
)  # fmt: skip
# What may stand before the root of an XML document is short, or it is none of these.
_XML_ROOT = re.compile(
    r"\s{0,99}(?:<[?!][^>]{0,500}>\s{0,99}){0,9}<(rss|feed|rdf:RDF|urlset|sitemapindex)\b", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[a-zA-Z!]")


def extract(document: Document, fetched: str | None = None) -> Article | NotArticle:
    """The article of a page; never raises. `fetched`, ISO 8601 in UTC, is what 昨天 and 3小时前 are counted from."""
    return extract_tree(document, elements(parse(document.html)), fetched)


def extract_tree(
    document: Document, page: Elements, fetched: str | None = None, veiled: Hidden | None = None
) -> Article | NotArticle:
    """`extract` for a page that is parsed already (by `parse`), left as it is. `veiled`: what it hides."""
    if len(without_images(document.html)) > MAX_HTML:
        return NotArticle(document.url, "too large")
    if other := _other_format(document.html[:FORMAT_CHARS]):
        return NotArticle(document.url, other)
    veil = (veiled or hidden(page)).places
    choice, lines, reason = _chosen(document.url, page, veil)
    if reason and veil and own_chars([line for line in lines if not line.hidden]) < MIN_CHARS:
        # A page may hide all of itself until a script shows it; what has a title and an article's name is no spam.
        shown, its_lines, its_reason = _chosen(document.url, page, frozenset())
        if shown and not its_reason and shown.named and shown.heading:
            choice, lines, reason = shown, its_lines, ""
    if choice is None or reason:
        scripted = reason in ("empty", "too short") and "script" in page.tags
        return NotArticle(document.url, "shell" if scripted else reason)
    before, after = (blocks(html, beside=True) for html in beside(choice))
    meta = metadata.read(page, choice.labels, document.url, choice.heading, fetched)
    return Article(
        document.url,
        meta.title,
        (*before, *lines, *after),
        document.charset,
        document.declared_charset,
        meta.sources,
        **facts_of(meta),
    )


def _chosen(url: str, page: Elements, veil: frozenset[int]) -> tuple[Choice | None, tuple[Block, ...], str]:
    """What is chosen on a page of which `veil` is hidden, its lines, and why it is no article, "" where it is one."""
    choice = choose(page, veil)
    if choice is None:
        return None, (), "empty"
    found = fragment(choice)
    lines = blocks(found.html)
    return choice, lines, reason_of(url, choice, found, [line for line in lines if not line.hidden])


def _other_format(start: str) -> str:
    """What a document is by its first characters, "" for HTML."""
    if match := _XML_ROOT.match(start):
        return "sitemap" if match[1].lower() in ("urlset", "sitemapindex") else "feed"
    if start.isspace() or not start or _ANY_TAG.search(start):
        return ""
    return "not HTML"


def read_text(url: str, text: str, title: str | None = None) -> Article | NotArticle:
    """A plain text as an article, one block a line that is not empty; label lines are read for metadata.

    Bounded as pages are: `MAX_HTML` characters, `MAX_CHARS` of them in lines, `MAX_TAGS` lines.
    """
    if len(text) > MAX_HTML:
        return NotArticle(url, "too large")
    lines = [line for part in text.splitlines() if (line := " ".join(part.split()))]
    if not lines:
        return NotArticle(url, "empty")
    if len(lines) > MAX_TAGS or sum(map(len, lines)) > MAX_CHARS:
        return NotArticle(url, "too large")
    meta = read_labels([*lines[:12], *lines[-4:]])
    source = "given" if title else "line"
    return Article(
        url, title or _title_line(lines), tuple(map(Block, lines)), sources={"title": source, **meta.sources},
        **facts_of(meta),
    )  # fmt: skip


def _names(other: str, line: str) -> bool:
    """Whether a line is the section that another one, of crumbs or of labels, has behind something else."""
    at = other.find(line)
    return at > 0 and (bool(_CRUMB.search(other[:at])) or is_label(other))


def _opening(line: str) -> str | None:
    """The first clause of a line that has others; a picture or a crumb is named by it."""
    clause = _CLAUSES.split(line, 1)[0]
    return clause if _OPENING <= len(clause) < len(line) - 1 else None


def _title_line(lines: Sequence[str]) -> str:
    """The most title-like of the first lines: short, no sentence, repeated further down if any is.

    A line that stands twice in succession is a picture's caption.
    """
    likely = [
        (i, line) for i, line in enumerate(lines[:8])
        if 4 <= len(line) <= 60 and not _NOT_TITLE.search(line) and not is_label(line)
        and lines[i + 1 : i + 2] != [line]
        and not any(_names(other, line) for other in lines[i + 1 : i + 3])
    ]  # fmt: skip
    for i, line in likely:
        if any(line in later for later in lines[i + 1 :]) and lines[i - 1 : i] != [line]:
            # What only its first words say again is the whole title.
            return next((one for at, one in likely if at < i and one[: len(line) + 1].rstrip(_CLAUSE) == line), line)
    opened = (line for i, line in likely if _opening(line) in lines[i + 1 :])
    return next(opened, likely[0][1] if likely else lines[0][:40])
