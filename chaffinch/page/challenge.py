"""Pages that stand in place of a site until a script has run: recognised, never evaded. Pure."""

from __future__ import annotations

import re

MAX_BYTES = 60_000  # of a page that may be one; by hand: those met have up to 40 KB of packed script
MOST_TEXT = 120  # characters of text that a reader is told, "checking your browser", in any language (by hand)

_SCRIPT = re.compile(rb"<(script|style|noscript|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rb"<[^>]{0,2000}>")
_SETS = re.compile(rb"document\s*(?:\.\s*cookie|\[\s*[\"'](?:cookie|\\x63ookie)[\"']\s*\])\s*=")
_AGAIN = re.compile(
    rb"location\s*(?:\.\s*(?:reload|replace|assign)\s*\(|\.\s*href\s*=|=)|location\s*\[|history\s*\.\s*go\(|\.submit\(\)"
)
# Names of what the common ones bring: Jiasule, Aliyun, Cloudflare, SafeLine, Yunsuo.
_KNOWN = re.compile(
    rb"__jsl_clearance|acw_sc__v[23]|/cdn-cgi/challenge-platform/|cf-chl-|_cf_chl_opt|safeline|SafeLineChallenge"
    rb"|security_session_verify|yunsuo_session|wzws_cid|__test=|slowAES|aliyun_waf_aa"
)
# One of these is in all of them: looked for first, as every page of a crawl is asked.
_MARKS = (
    b"document.cookie", b"document[", b"document .", b"__jsl", b"acw_sc", b"/cdn-cgi/", b"cf-chl", b"_cf_chl",
    b"afeline", b"SafeLine", b"security_session", b"yunsuo", b"wzws", b"__test=", b"slowAES", b"aliyun_waf",
)  # fmt: skip
_LINK = re.compile(rb"<a\s[^>]{0,500}href", re.IGNORECASE)


def is_challenge(body: bytes) -> bool:
    """Whether a page only sets a cookie by script and loads itself again, or is one of the known ones that do.

    A page with links or with more text than a notice is none, whatever its scripts say.
    """
    if len(body) > MAX_BYTES or not any(mark in body for mark in _MARKS):
        return False
    if not (_KNOWN.search(body) or (_SETS.search(body) and _AGAIN.search(body))):
        return False
    if len(_LINK.findall(body)) > 1:
        return False
    text = _TAG.sub(b"", _SCRIPT.sub(b"", body)).decode("utf-8", "ignore")
    return len("".join(text.split())) <= MOST_TEXT
