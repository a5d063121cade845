"""Forums: what of a thread is its author's, and which of its many addresses show nothing else. Pure.

A thread is its first post. Later pages hold what others say to it, and a forum links to each post, answer form, profile
and printout besides: none of that is asked for.
"""

from __future__ import annotations

import re
from itertools import islice
from urllib.parse import urlsplit

from chaffinch.page.elements import Elements
from chaffinch.page.part_address import address_of

LEAST_POSTS = 2  # blocks that are named as posts (by hand)
LEAST_SIGNS = 3  # words that stand at posts only (by hand)
MAX_CHARS = 300_000  # of a page that are looked at (cost)
REPLIES = "replies"  # the reason of a page that holds only what others said

_OWN = ("postmessage_", "t_fsz", "t_msgfont", "read_tpc", "tpc_content")  # Discuz and PHPWind: no other page has these
_POST_TAGS = frozenset(("div", "li", "tr", "td", "table", "article", "section"))
# In lower case, as a search that minds case skips what begins none: what is in each of the next two, and in the second.
_POST_NAME, _POST_WORD = re.compile(r"post|pid|floor|reply|message|p[-_]?\d"), re.compile("post|floor|reply|message")
_POST_ID = re.compile(r"(?:post|pid|floor|reply|p)[-_]?\d", re.IGNORECASE)
_POST_CLASS = re.compile(
    r"(?:[\w-]{1,30}\s){0,3}(?:post|floor|postbody|post-?item|post-?content|reply-?item|topic-?reply|message)(?:\s|$)",
    re.IGNORECASE,
)
_SEAM = "\n"  # between names
_SIGN = re.compile(
    r"[发發]表[于於]|楼主|樓主|沙发|板凳|\d{1,4}\s?[楼樓]|>\s?#?\d{1,4}\s?#?\s?<|只看[该該作楼樓]|[引回][用复復]本?[楼帖]?<"
)
# One of these is in each; all begin with a character of their own, so that the search skips to it.
_PARTS_OF_SIGNS, _NUMBER = (
    re.compile("表[于於]|楼|樓|沙发|板凳|只看|引[用复復]|回[用复復]"),
    re.compile(r">\s?#?\d{1,4}\s?#?\s?<"),
)
_LATER = re.compile(r"/viewtopic\.php\?(?=.*\bstart=[1-9])|/showthread\.php\?(?=.*\bpage=[2-9])")
_ACTION = re.compile(
    r"[?&](?:mod=(?:post|space|spacecp|logging|register|lostpasswd|redirect|misc|attachment|ajax|medal|magic|task)"
    r"|action=(?:reply|newthread|edit|login|logout|register|report|rate|print|printable|email|profile|viewratings"
    r"|favorites?|nextset|quote)|goto=\w+|replytocom=\d+|view=(?:print|next|previous)|printable=\w+)(?:&|$)"
    r"|/(?:posting|memberlist|ucp|newreply|newthread|sendmessage|sendemail|member|space|printthread|showpost|private"
    r"|login|logging|register|profile|usercp|wp-login)\.php(?:\?|$)"
    r"|/space-(?:uid|username)-[^/]{1,60}\.html$|/wp-(?:admin|json)/"
    r"|/archiver/(?:index\.php)?\?tid-\d|/viewtopic\.php\?(?:f=\d+&)?p=\d+$",
    re.IGNORECASE,
)


def is_action(url: str) -> bool:
    """Whether a canonical URL is that of a form, a profile, a printout or a single post of a forum or blog."""
    return _ACTION.search(url) is not None


def is_later_page(url: str) -> bool:
    """Whether a canonical URL is that of a thread's later page, told by the address alone: Discuz, phpBB, vBulletin."""
    if "thread" not in url and "viewtopic" not in url:
        return False
    if _LATER.search(url):
        return True
    parts = urlsplit(url)
    path = parts.path.rpartition("/")[2]
    thread = path.startswith(("thread-", "viewthread")) or "mod=viewthread" in parts.query
    number = address_of(url)[1] if thread else None
    return number is not None and number > 1


def is_thread(html: str, page: Elements) -> bool:
    """Whether a page shows posts of a thread; `page` is `html` as it was parsed."""
    classes, ids = set(page.classes.values()), set(page.ids.values())
    names = _SEAM.join((*classes, *ids))
    if any(name in names for name in _OWN):
        return True
    if _POST_NAME.search(names.lower()) is None:
        return False
    classes, ids = {name for name in classes if _is_post(name)}, set(filter(_POST_ID.match, ids))
    if not classes and not ids:
        return False
    named = {place for place, name in page.classes.items() if name in classes}
    named.update(place for place, id in page.ids.items() if id in ids)
    posts = sum(page.tags[place] in _POST_TAGS for place in named)
    return posts >= LEAST_POSTS and _has_signs(html[:MAX_CHARS])


def _is_post(names: str) -> bool:
    return _POST_WORD.search(names.lower()) is not None and _POST_CLASS.match(names) is not None


def _has_signs(html: str) -> bool:
    """Whether a page has as many words as stand at posts only; most that have not are told without a look at each."""
    if len(_PARTS_OF_SIGNS.findall(html)) + len(_NUMBER.findall(html)) < LEAST_SIGNS:
        return False
    return len(list(islice(_SIGN.finditer(html), LEAST_SIGNS))) == LEAST_SIGNS


def own_links(url: str, links: tuple[str, ...]) -> tuple[str, ...]:
    """The links of a thread at `url` without those to its other pages."""
    series = address_of(url)[0]
    return tuple(link for link in links if address_of(link)[0] != series)


def is_later(url: str) -> bool:
    """Whether a page that shows posts is not the first one of its thread."""
    number = address_of(url)[1]
    return (number is not None and number > 1) or is_later_page(url)
