"""Addresses that a page names by other means than a link: pagers in a `<select>`, scripts, "load more" buttons. Pure.

Only what a page spells out counts. Nothing is run, no form is sent, and nothing that would be a POST is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.page.leads.robots_meta import is_nofollow
from chaffinch.page.leads.scripts import (
    ENDPOINT,
    NUMBERED,
    VALUE,
    Functions,
    asked,
    functions,
    goes,
    is_address,
    is_post,
)

MAX_OPTIONS = 2_000  # of one page: by hand, more pages than a pager of a farm has
MAX_CALL = 2_000  # characters of one attribute (cost)
MAX_SCRIPTED = 2_000  # elements with a script that are looked at (cost)
TITLE_CHARS = 8  # characters from which the words of a link may be a title (by hand)
SCRIPTED_LINKS = 3  # such links that no address is known of, from which a page is said to lead by script (by hand)

_STRING = re.compile(r"\"([^\"\\\n]{1,1000})\"|'([^'\\\n]{1,1000})'")
_LEADS = re.compile(r"location|window\.open|^\s*(?:javascript:)?\s*[\w.]{1,40}\(", re.IGNORECASE)
_OF_VALUE = re.compile(
    r"(?:location(?:\.href)?\s*=|(?:location\.(?:replace|assign)|open)\s*\()\s*(?:[\"']([^\"']{0,300})[\"']\s*\+\s*)?"
    r"(?:[\w.]{1,40}(?:\[[^\]]{1,60}\])?\.value|\$\(this\)\.val\(\))(?:\s*\+\s*[\"']([^\"']{0,300})[\"'])?",
    re.IGNORECASE,
)
_BUILT = re.compile(r"[\w./?=&%-]{1,500}")
_TURNS = re.compile(r"\d{1,4}|[上下]一?[页頁]|(?:加载|查看|点击)?更多|next|more", re.IGNORECASE)
_MORE = re.compile(r"(?:加载|載入|查看|点击|點擊|显示|顯示)?更多|load\s?more|加载下一页", re.IGNORECASE)
_MORE_NAME = re.compile(r"load[-_]?more|more[-_]?btn|btn[-_]?more|jiazai", re.IGNORECASE)
_DATA = re.compile(r"data-[a-z-]{2,40}(?=\s{0,3}=)")
# data-href, data-url, data-next-url: the last word of an attribute's name says that it is an address, none that it is
# one of something else.
_NAMES_ADDRESS = frozenset("href url link jump goto next api ajax".split())
_NAMES_OTHER = frozenset(
    "img image src pic thumb cover bg avatar video audio share login ad post report qr upload".split()
)
MAX_DATA = 10  # such attributes of a page (cost)
_OF_ELEMENT = re.compile(
    r"(?:this\.|\$\(this\)\.attr\([\"'])(rel|title|name|id)\b|getAttribute\(\s*[\"']([\w-]{1,40})[\"']"
    r"|this\.(dataset)\.(\w{1,40})|\$\(this\)\.(?:attr|data)\([\"']([\w-]{1,40})[\"']",
    re.IGNORECASE,
)
_CALLED = ("onclick", "onchange", "javascript:")
_CALL_NAME = re.compile(r"[\w.$]{1,40}(?=\s*\()")


@dataclass(slots=True)
class Named:
    """What a page names without a link to it."""

    pages: list[tuple[str, str]] = field(default_factory=list)  # (address as written, words)
    endpoints: list[str] = field(default_factory=list)  # of JSON lists, as written
    left_out: int = 0  # options beyond MAX_OPTIONS
    by_script: str = ""  # the call that links lead by of which no address is known, "" for none


def named(tree: HtmlElement, html: str, links: int, obey_nofollow: bool = True) -> Named:
    """What the page `html`, parsed as `tree`, names.

    `links` are the pages that it links to: where there are any, no script redirects its reader at once.
    """
    found = Named()
    lower = html.lower()  # a walk of the tree costs more than a look at the text
    leads = "location" in lower or "open(" in lower
    calls = functions(tree, html) if leads and any(mark in lower for mark in _CALLED) else Functions({})
    data = tuple(islice(filter(_holds_address, dict.fromkeys(_DATA.findall(lower))), MAX_DATA))
    if "<select" in lower:
        _options(tree, found, calls)
    if data or any(mark in lower for mark in ("onclick", "javascript:", "next", "prev")):
        _attributes(tree, found, obey_nofollow, calls, data)
    if not links and not found.pages and "location" in lower:
        found.pages += [(target, "") for target in goes(tree)]
    if any(mark in lower for mark in ("fetch", "getjson", "ajax", ".get", ".load", ".open")):
        found.endpoints += asked(tree)
    return found


def _options(tree: HtmlElement, found: Named, calls: Functions) -> None:
    """Pagers: `<select onchange="location=this.value">`, or options whose values are addresses whatever moves there."""
    taken = 0
    for select in tree.iter("select"):
        change = (select.get("onchange") or "")[:MAX_CALL]
        made = _OF_VALUE.search(change)
        around = calls.called(change) if made is None else f"{made[1] or ''}{VALUE}{made[2] or ''}"
        before, _, after = (around or "").partition(VALUE)
        for option in select.iter("option"):
            value = option.get("value")
            if value is None and around:
                value = " ".join((option.text or "").split())  # it is what an option says where it has none
            value = (value or "").strip()
            if not value or len(value) > MAX_CALL:
                continue
            address = f"{before}{value}{after}" if around else value
            built = around is not None and _BUILT.fullmatch(address)
            if not (is_address(address) or built):
                continue
            taken += 1
            if taken > MAX_OPTIONS:
                found.left_out += 1
            else:
                found.pages.append((address, (option.text or "").strip()[:100]))


def _attributes(tree: HtmlElement, found: Named, obey_nofollow: bool, calls: Functions, data: tuple[str, ...]) -> None:
    unknown, call = 0, ""
    for element in _scripted(data)(tree)[:MAX_SCRIPTED]:
        if obey_nofollow and is_nofollow(element):
            continue
        if element.tag == "link":
            if {"next", "prev"} & set((element.get("rel") or "").lower().split()):
                found.pages.append((element.get("href") or "", ""))
            continue
        href = element.get("href") or ""
        own = href[11:] if href[:11].lower() == "javascript:" else ""
        click = element.get("onclick") or ""
        words = "".join(islice(element.itertext(), 20))[:100].strip()
        before = len(found.pages) + len(found.endpoints)
        for name in data:
            if address := (element.get(name) or "").strip():
                page = element.get("data-page") or ""
                if page.isdecimal() and len(page) <= 6 and not NUMBERED.search(address):
                    address += f"{'&' if '?' in address else '?'}page={page}"
                _take(element, address, words, found)
        for code in (own[:MAX_CALL], click[:MAX_CALL]):
            if code and _LEADS.search(code) and not is_post(code):
                made = calls.called(code) or ""
                address = made if _BUILT.fullmatch(made) else next(filter(is_address, _strings(code)), "")
                _take(element, address or _own(element, code), words, found, built=bool(made))
        nothing = len(found.pages) + len(found.endpoints) == before
        wanted = len(words) >= TITLE_CHARS or _TURNS.fullmatch(words)
        if nothing and wanted and element.tag == "a" and (own or not href.strip("# ")):
            called = next((one for code in (own, click) for one in _CALL_NAME.findall(code) if one != "void"), "")
            unknown += bool(called)
            call = call or called
    if unknown >= SCRIPTED_LINKS:
        found.by_script = f"{call}()"


def _holds_address(name: str) -> bool:
    words = name.split("-")[1:]
    return words[-1] in _NAMES_ADDRESS and _NAMES_OTHER.isdisjoint(words)


@lru_cache(maxsize=100)
def _scripted(data: tuple[str, ...]) -> Callable[[HtmlElement], list[HtmlElement]]:
    """Finds the elements that a script may lead on from, and those that have one of the attributes `data`."""
    found = etree.XPath(
        f"//link[@rel and @href] | //*[{' or '.join(f'@{name}' for name in ('onclick', *data))}]"
        " | //a[starts-with(translate(substring(@href, 1, 11), 'JAVSCRIPT', 'javscript'), 'javascript:')]"
    )
    return cast(Callable[[HtmlElement], list[HtmlElement]], found)


def _own(element: HtmlElement, code: str) -> str:
    """The attribute of its own that the script at an element goes to, "" for none."""
    match = _OF_ELEMENT.search(code)
    if match is None:
        return ""
    name = f"data-{match[4]}" if match[3] else match[1] or match[2] or match[5]
    return (element.get(name) or element.get(f"data-{name}") or "").strip()


def _take(element: HtmlElement, address: str, words: str, found: Named, built: bool = False) -> None:
    if not is_address(address) and not (built and address):
        return
    name = f"{element.get('class') or ''} {element.get('id') or ''}"[:200]
    if ENDPOINT.search(address) or _MORE.fullmatch(words) or _MORE_NAME.search(name):
        found.endpoints.append(address)
    elif words or element.tag in ("tr", "li", "div", "article", "section"):
        found.pages.append((address, words))


def _strings(code: str) -> Iterator[str]:
    return (match[1] or match[2] for match in _STRING.finditer(code))
