"""Addresses that a page names by other means than a link: pagers in a `<select>`, scripts, "load more" buttons. Pure.

Only what a page spells out counts. Nothing is run, no form is sent, and nothing that would be a POST is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from chaffinch.page.leads.robots_meta import is_nofollow

MAX_OPTIONS = 2_000  # of one page: by hand, more pages than a pager of a farm has
MAX_SCRIPT = 100_000  # characters of a page's scripts that are looked at (cost)
MAX_CALL = 2_000  # characters of one attribute (cost)
MAX_SCRIPTED = 2_000  # elements with a script that are looked at (cost)
MAX_JSON = 2_000_000  # bytes (cost)
MAX_STRINGS = 20_000  # of one JSON answer (cost)
TITLE_CHARS = 8  # characters from which the words of a link may be a title (by hand)
SCRIPTED_LINKS = 3  # such links that no address is known of, from which a page is said to lead by script (by hand)

_PAGE = re.compile(r"[\w~./%-]{1,300}\.(?:s?html?|php|aspx?|jsp|do)(?:\?\S{0,500})?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?:)?//[^\s\"'<>]{3,1000}|\.{0,2}/[^\s\"'<>*]{1,1000}|\?[^\s\"'<>=]{1,50}=[^\s\"'<>]{0,500}"
)
_STRING = re.compile(r"\"([^\"\\\n]{1,1000})\"|'([^'\\\n]{1,1000})'")
_LEADS = re.compile(r"location|window\.open|^\s*(?:javascript:)?\s*[\w.]{1,40}\(", re.IGNORECASE)
_OF_VALUE = re.compile(
    r"(?:location(?:\.href)?\s*=|(?:location\.(?:replace|assign)|open)\s*\()\s*(?:[\"']([^\"']{0,300})[\"']\s*\+\s*)?"
    r"(?:[\w.]{1,40}(?:\[[^\]]{1,60}\])?\.value|\$\(this\)\.val\(\))(?:\s*\+\s*[\"']([^\"']{0,300})[\"'])?",
    re.IGNORECASE,
)
_BUILT = re.compile(r"[\w./?=&%-]{1,500}")
_PAGE_OF = re.compile(r"[\"'`]\s*,\s*\{\s*[\"']?(page|p|pn|pageno)[\"']?\s*:", re.IGNORECASE)
_GOES = re.compile(
    r"location(?:\.href)?\s*=\s*[\"'`]([^\"'`\s]{1,1000})[\"'`]"
    r"|location\.(?:replace|assign)\(\s*[\"'`]([^\"'`\s]{1,1000})[\"'`]",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:\bfetch|getJSON|\$\.get|axios\.get|\.load|\bajax)\s*\(\s*([\"'`])(?P<one>[^\"'`\s]{2,500})\1"
    r"|\burl\s*:\s*([\"'`])(?P<two>[^\"'`\s]{2,500})\3"
    r"|\.open\(\s*[\"']GET[\"']\s*,\s*([\"'`])(?P<three>[^\"'`\s]{2,500})\5",
    re.IGNORECASE,
)
# function go(n) { location.href = "/list_" + n + ".html" }
_FUNCTION = re.compile(
    r"function\s+([\w$]{1,40})\s*\(\s*([\w$]{1,30})[^)]{0,60}\)\s*\{[^{}]{0,300}?location(?:\.href)?\s*=\s*"
    r"[\"']([^\"']{0,300})[\"']\s*\+\s*\2\b(?:\s*\+\s*[\"']([^\"']{0,300})[\"'])?",
)
_CALL = re.compile(
    r"^\s*(?:javascript:)?\s*(?:return\s+)?([\w$]{1,40})\(\s*[\"']?([\w./-]{1,100}?)[\"']?\s*[,)]", re.IGNORECASE
)
_TURNS = re.compile(r"\d{1,4}|[上下]一?[页頁]|(?:加载|查看|点击)?更多|next|more", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{[^}]{1,40}\}")
_POST = re.compile(r"[\"']post[\"']", re.IGNORECASE)
_NUMBERED = re.compile(
    r"([?&/](?:page|p|pn|pageno|page_?num|pageindex|paged)[=/])(\d{1,6})(?=$|[&/?#.])", re.IGNORECASE
)
_MORE = re.compile(r"(?:加载|載入|查看|点击|點擊|显示|顯示)?更多|load\s?more|加载下一页", re.IGNORECASE)
_MORE_NAME = re.compile(r"load[-_]?more|more[-_]?btn|btn[-_]?more|jiazai", re.IGNORECASE)
_DATA = ("data-href", "data-url", "data-link", "data-next", "data-api", "data-ajax", "data-next-url")
_SCRIPTED = cast(
    Callable[[HtmlElement], list[HtmlElement]],
    etree.XPath(
        "//link[@rel and @href] | //*[@onclick or "
        + " or ".join(f"@{name}" for name in _DATA)
        + "] | //a[starts-with(translate(substring(@href, 1, 11), 'JAVSCRIPT', 'javscript'), 'javascript:')]"
    ),
)
_ENDPOINT = re.compile(r"/(?:api|ajax|json)\b|\.json\b|[?&](?:ajax|format=json)\b", re.IGNORECASE)
_CALL_NAME = re.compile(r"[\w.$]{1,40}(?=\s*\()")
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js)(?:[?#]|$)", re.IGNORECASE)


@dataclass(slots=True)
class Named:
    """What a page names without a link to it."""

    pages: list[tuple[str, str]] = field(default_factory=list)  # (address as written, words)
    endpoints: list[str] = field(default_factory=list)  # of JSON lists, as written
    left_out: int = 0  # options beyond MAX_OPTIONS
    by_script: str = ""  # the call that links lead by of which no address is known, "" for none


def is_address(text: str) -> bool:
    """Whether a string of a page's script or attribute is an address in so many words."""
    return bool(_ADDRESS.fullmatch(text) or _PAGE.fullmatch(text)) and _IMAGE.search(text) is None


def named(tree: HtmlElement, html: str, links: int, obey_nofollow: bool = True) -> Named:
    """What the page `html`, parsed as `tree`, names.

    `links` are the pages that it links to: where there are any, no script redirects its reader at once.
    """
    found = Named()
    lower = html.lower()  # a walk of the tree costs more than a look at the text
    calls = _functions(tree) if "function" in lower and "location" in lower else {}
    if "<select" in lower:
        _options(tree, found, calls)
    if any(mark in lower for mark in ("onclick", "javascript:", "next", "prev", *_DATA)):
        _attributes(tree, found, obey_nofollow, calls)
    redirects = not links and not found.pages and "location" in lower
    if redirects or any(mark in lower for mark in ("fetch", "getjson", "ajax", ".get", ".load", ".open")):
        _scripts(tree, found, redirects)
    return found


def _functions(tree: HtmlElement) -> dict[str, tuple[str, str]]:
    """Functions of the page's own scripts that go to an address with their first argument in it: what stands around."""
    found: dict[str, tuple[str, str]] = {}
    left = MAX_SCRIPT
    for script in tree.iter("script"):
        code = (script.text or "")[:left]
        left -= len(code)
        for match in islice(_FUNCTION.finditer(code), 20):
            found[match[1]] = match[3], match[4] or ""
    return found


def _called(code: str, calls: dict[str, tuple[str, str]]) -> str:
    """The address that a call of one of the page's functions goes to, "" for none."""
    match = _CALL.match(code) if calls else None
    around = calls.get(match[1]) if match else None
    return f"{around[0]}{match[2]}{around[1]}" if match and around else ""


def _options(tree: HtmlElement, found: Named, calls: dict[str, tuple[str, str]]) -> None:
    """Pagers: `<select onchange="location=this.value">`, or options whose values are addresses whatever moves there."""
    taken = 0
    for select in tree.iter("select"):
        change = (select.get("onchange") or "")[:MAX_CALL]
        made = _OF_VALUE.search(change)
        before, after = (made[1] or "", made[2] or "") if made else ("", "")
        if made is None and (call := _CALL.match(change)) and call[2] == "this.value" and call[1] in calls:
            made, (before, after) = call, calls[call[1]]
        for option in select.iter("option"):
            value = (option.get("value") or "").strip()
            if not value or len(value) > MAX_CALL:
                continue
            address = f"{before}{value}{after}"
            built = made is not None and _BUILT.fullmatch(address)
            if not (is_address(address) or built):
                continue
            taken += 1
            if taken > MAX_OPTIONS:
                found.left_out += 1
            else:
                found.pages.append((address, (option.text or "").strip()[:100]))


def _attributes(tree: HtmlElement, found: Named, obey_nofollow: bool, calls: dict[str, tuple[str, str]]) -> None:
    unknown, call = 0, ""
    for element in _SCRIPTED(tree)[:MAX_SCRIPTED]:
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
        for name in _DATA:
            if address := (element.get(name) or "").strip():
                page = element.get("data-page") or ""
                if page.isdecimal() and len(page) <= 6 and not _NUMBERED.search(address):
                    address += f"{'&' if '?' in address else '?'}page={page}"
                _take(element, address, words, found)
        for code in (own[:MAX_CALL], click[:MAX_CALL]):
            if code and _LEADS.search(code) and not _POST.search(code):
                address = next((one for one in _strings(code) if is_address(one)), "")
                _take(element, address or _called(code, calls), words, found)
        nothing = len(found.pages) + len(found.endpoints) == before
        wanted = len(words) >= TITLE_CHARS or _TURNS.fullmatch(words)
        if nothing and wanted and element.tag == "a" and (own or not href.strip("# ")):
            called = _CALL_NAME.search(own) or _CALL_NAME.search(click)
            unknown += bool(called)
            call = call or (called[0] if called else "")
    if unknown >= SCRIPTED_LINKS:
        found.by_script = f"{call}()"


def _take(element: HtmlElement, address: str, words: str, found: Named) -> None:
    if not is_address(address):
        return
    name = f"{element.get('class') or ''} {element.get('id') or ''}"[:200]
    if _ENDPOINT.search(address) or _MORE.fullmatch(words) or _MORE_NAME.search(name):
        found.endpoints.append(address)
    elif words or element.tag in ("tr", "li", "div", "article", "section"):
        found.pages.append((address, words))


def _strings(code: str) -> Iterator[str]:
    return (match[1] or match[2] for match in _STRING.finditer(code))


def _scripts(tree: HtmlElement, found: Named, redirects: bool) -> None:
    left = MAX_SCRIPT
    for script in tree.iter("script"):
        if script.get("src") or left <= 0:
            continue
        code = (script.text or "")[:left]
        left -= len(code)
        if redirects:
            targets = (match[1] or match[2] for match in islice(_GOES.finditer(code), 3))
            found.pages += [(target, "") for target in targets if is_address(target)]
        for match in islice(_ASKS.finditer(code), 10):
            if _POST.search(code, max(0, match.start() - 100), match.end() + 150):
                continue
            address = match["one"] or match["two"] or match["three"]
            place = _PLACEHOLDER.search(address)
            if place:
                address = address[: place.start()] + "1" + _PLACEHOLDER.sub("1", address[place.end() :])
            elif re.match(r"[\"'`]\s*\+\s*[\w.]{1,30}", code[match.end() - 1 : match.end() + 40]):
                if not address.endswith(("=", "/")):
                    continue
                address += "1"
            elif given := _PAGE_OF.match(code, match.end() - 1):
                address += f"{'&' if '?' in address else '?'}{given[1]}=1"
            if is_address(address) and (_NUMBERED.search(address) or _ENDPOINT.search(address)):
                found.endpoints.append(address)


def read_json(body: bytes) -> list[str] | None:
    """The strings of a JSON answer, keys left out, in order; None where it is none. Addresses and fragments of HTML."""
    if body[:1] not in b"{[" or len(body) > MAX_JSON:
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < MAX_STRINGS:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
    return found


def next_number(url: str) -> str | None:
    """The address of the page after the one at `url`, where that has a number; None where it has none.

    >>> next_number("http://a.example/api/list?page=2&n=10")
    'http://a.example/api/list?page=3&n=10'
    """
    match = _NUMBERED.search(url)
    return f"{url[: match.start(2)]}{int(match[2]) + 1}{url[match.end(2) :]}" if match else None
