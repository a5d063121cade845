"""Which part of an article that is split over pages a page is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from chaffinch.items import Part
from chaffinch.page.elements import Elements
from chaffinch.page.leads.addresses import join as join_url
from chaffinch.page.part_address import PATH_PART, THREAD, address_of
from chaffinch.page.urls import canonical_url

MAX_LINKS = 5_000  # of one page that are searched for its other parts (cost)
# 下一篇 leads to the next article, whose number may be the next one too.
_NEXT = (
    r"(?:点击|點擊)?(?:进入|進入|查看|阅读|閱讀)?(?:[下后後]一?[页頁]|(?:余下|剩余|剩下)的?(?:全文|内容|部分|文章)"
    r"|继续阅读|繼續閱讀|next(?: page)?)(?:继续)?(?:阅读|浏览)?(?:全文)?"
)
_BACK = r"(?:点击|返回|回到)?(?:[上前]一?[页頁]|首[页頁]|(?<=[回到])第[一1][页頁]|prev(?:ious)?(?: page)?)"
_DIGITS = "一二三四五六七八九"  # 第二页 is page 2
_PART_TEXT = re.compile(
    rf"^\W{{0,3}}(?:(?P<next>{_NEXT})|(?P<back>{_BACK})|第\s?(?:\d{{1,2}}|[{_DIGITS}])\s?[页頁]\s?[:：].*"
    rf"|第?\s?(?P<number>\d{{1,2}}|[{_DIGITS}])\s?[页頁]?)?"
    r"\W{0,3}(?:\d{1,2}\s?/\s?\d{1,2}|共\s?\d{1,2}\s?[页頁])?\W{0,4}$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Leads:
    """Where a page's links to other parts of it lead: numbers as addresses have them, None for the bare address."""

    others: set[int | None] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)  # of all links with such words
    bare: str = ""  # the URL without a number
    zero: bool | None = None  # whether the second part is numbered 1, None when nothing says so


def part_of(page: Elements, url: str) -> Part | None:
    """Which part of a split article the page at `url` would be, None for a page that stands alone.

    Its links tell: one counts if its address differs from the page's own by the part number alone and its text is
    下一页, 上一页 or a number. A first part leads to the second; a later one to any other. Where the second part is
    `_1`, as the numbers of the links or the first part's own link say, numbers count from 0.
    """
    series, own = address_of(url)
    if not series or own == 0:
        return None
    found = _leads(page, url, series, own)
    step = 1 if found.zero else 0
    number = 1 if own is None else own + step
    others = {1 if one is None else one + step for one in found.others}
    if number + 1 in others or (others and number > 1):
        sure = found.zero is not None or own is None or own == 1
        back = found.bare if number == 2 and found.bare != url else ""
        return Part(series, number, last=max(others) < number, sure=sure, back=canonical_url(back) if back else None)
    return _folder_part(url, found.urls)


def _leads(page: Elements, url: str, series: str, own: int | None) -> _Leads:
    name = urlsplit(url).path.rpartition("/")[2]
    match = PATH_PART.match(name[:500])
    stem = match[1] if match and not name.isdigit() else ""
    if thread := THREAD.search(urlsplit(url).path):
        stem = thread[1][1:]
    found = _Leads()
    hrefs = {**page.having("href"), **page.having("value")}  # of a pager in a `<select>`, too
    for place in [*page.tagged("a"), *page.tagged("option")][:MAX_LINKS]:
        href = hrefs.get(place, "")
        if stem not in href and "?" not in href:
            continue
        href = href.strip()
        if not href or len(href) > 500 or not (stem in href or href[0] == "?"):
            continue
        link = page.every[place]
        words = page.text_of(place)[:20].strip() or _picture(link)
        if (said := _PART_TEXT.match(words)) is None:
            continue
        target = join_url(url, href)
        if target is None:
            continue
        target = target.partition("#")[0]
        other_series, other = address_of(target)
        found.urls.add(target)
        if other_series != series or other == own:
            continue
        found.others.add(other)
        found.bare = target if other is None else found.bare
        label = said["number"] or ""
        labelled = _DIGITS.index(label) + 1 if label in _DIGITS and label else int(label) if label else None
        if other and labelled in (other, other + 1):
            found.zero = labelled == other + 1
        elif (own is None and other == 1 and said["next"]) or (own == 1 and other is None and said["back"]):
            found.zero = True if found.zero is None else found.zero
    return found


def _picture(link: HtmlElement) -> str:
    """The words of a link that is an image."""
    image = next(link.iter("img"), None)
    return (((image.get("alt") if image is not None else "") or link.get("title")) or "")[:20].strip()


def _folder_part(url: str, targets: set[str]) -> Part | None:
    """The part that `…/26620/` is to `…/26620/2/`, as WordPress splits: there a number alone may be another article's.

    So the first part must lead to the second, and a later one to the first, which has no number. `targets` are the URLs
    that the page's links to other parts lead to.
    """
    slash = "/" if url.endswith("/") else ""
    plain = url.removesuffix("/")
    if f"{plain}/2{slash}" in targets:
        return Part(_split(url)[0], 1, last=False)
    base, _, number = plain.rpartition("/")
    if not re.fullmatch(r"[2-9]|[1-9]\d", number) or base + slash not in targets:
        return None
    return Part(_split(base + slash)[0], int(number), last=f"{base}/{int(number) + 1}{slash}" not in targets)


def _split(url: str) -> tuple[str, int]:
    """`address_of` with 1 for a URL without a number."""
    series, number = address_of(url)
    return series, 1 if number is None else number
