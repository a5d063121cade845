"""What a page's own scripts name: where they go, what they ask for, functions that put a number into an address. Pure.

Nothing is run. A function is read only as far as it is a sum of strings, of its parameters and of what the page sets
to one string or number: `function go(n) { location.href = "/list_" + n + ".html" }`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

MAX_SCRIPT = 100_000  # characters of a page's scripts that are looked at (cost)
MAX_FUNCTIONS = 20  # that a page's elements call (cost)
MAX_BODY = 1_000  # characters of a function (cost)
MAX_REQUESTS = 10  # of one script (cost)
MAX_NESTED = 3  # names that stand for names (by hand)
PLACES = 50  # at which a function's name stands in the scripts (cost)
VALUE = "this"  # an argument that stands for what is chosen in a select

_PAGE = re.compile(r"[\w~./%-]{1,300}\.(?:s?html?|php|aspx?|jsp|do)(?:\?\S{0,500})?", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?:)?//[^\s\"'<>]{3,1000}|\.{0,2}/[^\s\"'<>*]{1,1000}|\?[^\s\"'<>=]{1,50}=[^\s\"'<>]{0,500}"
)
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js)(?:[?#]|$)", re.IGNORECASE)
ENDPOINT = re.compile(r"/(?:api|ajax|json)\b|\.json\b|[?&](?:ajax|format=json)\b", re.IGNORECASE)
NUMBERED = re.compile(r"([?&/](?:page|p|pn|pageno|page_?num|pageindex|paged)[=/])(\d{1,6})(?=$|[&/?#.])", re.IGNORECASE)
_GOES_AT_ONCE = re.compile(
    r"location(?:\.href)?\s*=\s*[\"'`]([^\"'`\s]{1,1000})[\"'`]"
    r"|location\.(?:replace|assign)\(\s*[\"'`]([^\"'`\s]{1,1000})[\"'`]",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:(?:\bfetch|getJSON|\$\.get|axios\.get|\.load|\bajax)\s*\(|\burl\s*:|\.open\(\s*[\"']GET[\"']\s*,)\s*(?=[\"'`])",
    re.IGNORECASE,
)
_ASK_WORDS = ("fetch", "getjson", "$.get", "axios.get", ".load", "ajax", "url", ".open")  # one begins each of `_ASKS`
_PAGE_OF = re.compile(r"\s*,\s*\{\s*[\"']?(page|p|pn|pageno)[\"']?\s*:", re.IGNORECASE)
_POST = re.compile(r"[\"']post[\"']", re.IGNORECASE)
_FROM_ZERO = re.compile(r"[?&](?:offset|start|skip|begin|(?:last|since|max)_?id)=$", re.IGNORECASE)

_NAME = r"[A-Za-z_$][\w$]{0,39}"
# A call in an attribute. Each begins with letters, by which the search skips: with case left open it takes ten times.
_CALLS = tuple(
    re.compile(rf"{begin}[\"'\s]{{0,9}}(?:javascript:|return\s)?\s{{0,9}}({_NAME})\(")
    for begin in (r"on[cC]lick\s{0,9}=", r"on[cC]hange\s{0,9}=", "javascript:")
)
_CALL = re.compile(rf"^\s*(?:javascript:)?\s*(?:return\s+)?({_NAME})\(([^()]{{0,200}}(?:\(\))?[^()]{{0,20}})\)", re.I)
_HEAD = re.compile(  # what follows a function's name where it is one
    rf"\s*\(([\w$,\s=]{{1,100}})\)\s*\{{|\s*[=:]\s*(?:async\s+)?(?:function\b\s*[\w$]{{0,40}}\s*)?"
    rf"(?:\(([\w$,\s=]{{1,100}})\)|({_NAME})(?=\s*=>))\s*(?:=>\s*)?\{{?"
)
_TERM = (
    r"(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|`[^`\n]{0,500}`|"
    rf"(?:(?:parseInt|Number|String|encodeURI(?:Component)?|escape)\(\s*)?(?:{_NAME}|\d{{1,9}})"
    r"(?:\.options\[[^\]]{1,60}\])?(?:\.value\b)?(?:\s*,\s*10)?\s*\)?)"
)
SUM = re.compile(rf"\(?\s*{_TERM}(?:\s*\+\s*{_TERM}){{0,9}}")
_TERMS = re.compile(_TERM)
_GOES = re.compile(
    r"(?:\blocation(?:\.href)?\s*=(?!=)\s*|\blocation\.(?:replace|assign)\(\s*|\bwindow\.open\(\s*|[^.\w]open\(\s*)"
)
_SETS = re.compile(rf"(?<![\w$.])({_NAME})\s*=(?![=>])\s*")
_GLOBAL = re.compile(rf"(?:^|[;{{\n,]|\b(?:var|let|const)\s)\s*({_NAME})\s*=\s*(\"[^\"\n]{{0,300}}\"|'[^'\n]{{0,300}}'|\d{{1,9}})\s*(?=[;,\n<]|$)")  # fmt: skip  # noqa: E501
_HOLE = re.compile(r"\$\{([^}]{1,100})\}")
_IDENTIFIER = re.compile(rf"(?:\w+\()?\s*({_NAME}|\d{{1,9}})")
_ARGUMENT = re.compile(r"[\w./?=&%-]{0,200}")

Part = str | int  # of an address: what stands there, or the number of a parameter


def scripts(tree: HtmlElement) -> Iterator[str]:
    """The code of the page's own scripts, `MAX_SCRIPT` characters of it."""
    left = MAX_SCRIPT
    for script in tree.iter("script"):
        if left > 0 and not script.get("src"):
            code = (script.text or "")[:left]
            left -= len(code)
            yield code


def is_address(text: str) -> bool:
    """Whether a string of a page's script or attribute is an address in so many words."""
    return bool(_ADDRESS.fullmatch(text) or _PAGE.fullmatch(text)) and _IMAGE.search(text) is None


def is_post(code: str) -> bool:
    """Whether code asks for something by POST."""
    return _POST.search(code) is not None


def goes(tree: HtmlElement) -> list[str]:
    """Where the page's scripts go at once, as written, as far as they spell it out."""
    found = (match[1] or match[2] for code in scripts(tree) for match in islice(_GOES_AT_ONCE.finditer(code), 3))
    return list(filter(is_address, found))


def asked(tree: HtmlElement) -> list[str]:
    """The lists that the page's scripts ask for; a number that only a script knows is that of the first."""
    found: list[str] = []
    for code in scripts(tree):
        known: dict[str, str] | None = None
        for match in islice(_requests(code), MAX_REQUESTS):
            if is_post(code[max(0, match.start() - 100) : match.end() + 650]):
                continue
            if (sum := SUM.match(code, match.end())) is None:
                continue
            known = literals(code) if known is None else known
            address = ""
            for literal, term in terms(sum[0]):
                if not literal and not address.endswith(("=", "/")):
                    address = ""
                    break
                own = known.get(term) if not NUMBERED.search(f"{address}1") else None
                address += term if literal else own or ("0" if _FROM_ZERO.search(address) else "1")
            if given := _PAGE_OF.match(code, sum.end()):
                address += f"{'&' if '?' in address else '?'}{given[1]}=1"
            if is_address(address) and (NUMBERED.search(address) or ENDPOINT.search(address)):
                found.append(address)
    return found


def _requests(code: str) -> Iterator[re.Match[str]]:
    """Where scripts ask for something: looked at where one of its words stands, as a search for all of them is slow."""
    lower = code.lower()
    if len(lower) != len(code):  # a capital of two small letters, which no word has
        lower = "".join(char if len(char.lower()) > 1 else char.lower() for char in code)
    places: set[int] = set()
    for word in _ASK_WORDS:
        at = lower.find(word)
        while at >= 0:
            places.add(at)
            at = lower.find(word, at + 1)
    for at in sorted(places):
        if match := _ASKS.match(code, at):
            yield match


@dataclass(frozen=True, slots=True)
class Functions:
    """What a page's functions go to: the parts of the address, by the function's name."""

    known: Mapping[str, tuple[Part, ...]]

    def called(self, code: str) -> str | None:
        """The address that a call goes to, None for none; of an argument `this.value`, `VALUE` in its place."""
        match = _CALL.match(code) if self.known else None
        parts = self.known.get(match[1]) if match else None
        if match is None or parts is None:
            return None
        given = [_argument(one) for one in match[2].split(",")]
        found = [part if isinstance(part, str) else _at(given, part) for part in parts]
        return None if None in found else "".join(one for one in found if one is not None)


def functions(tree: HtmlElement, html: str) -> Functions:
    """Those functions of the page's own scripts that its elements call."""
    calls = (match for one in _CALLS for match in islice(one.finditer(html), 10 * MAX_FUNCTIONS))
    names = dict.fromkeys(match[1] for match in calls)
    found: dict[str, tuple[Part, ...]] = {}
    code = "\n".join(scripts(tree)) if names else ""
    known: dict[str, str] | None = None
    for name in islice(names, MAX_FUNCTIONS):
        for parameters, body in _bodies(code, name):
            known = literals(code) if known is None else known
            if parts := _leads(body, parameters, known):
                found[name] = parts
    return Functions(found)


def literals(code: str) -> dict[str, str]:
    """What scripts set to one string or number, by its name; nothing for what they set again."""
    found: dict[str, str] = {}
    for match in islice(_GLOBAL.finditer(code), 200):
        value = match[2].strip("\"'")
        found[match[1]] = value if found.get(match[1], value) == value else ""
    return {name: value for name, value in found.items() if value}


def terms(text: str) -> Iterator[tuple[bool, str]]:
    """The terms of a sum: whether one is spelled out, and it, or the name it is for. Templates are sums as well."""
    for match in _TERMS.finditer(text):
        term = match[0]
        if term[0] == "`":
            for place, piece in enumerate(_HOLE.split(term[1:-1])):
                if place % 2 == 0:
                    yield True, piece
                else:
                    yield False, name[1] if (name := _IDENTIFIER.match(piece.strip())) else ""
        elif term[0] in "\"'":
            yield True, term[1:-1]
        else:
            name = _IDENTIFIER.match(term)
            yield (True, name[1]) if name and name[1].isdecimal() else (False, name[1] if name else "")


def _bodies(code: str, name: str) -> Iterator[tuple[list[str], str]]:
    """The parameters and the code of each function of that name."""
    at = -1
    for _ in range(PLACES):
        at = code.find(name, at + 1)
        if at < 0:
            return
        match = _HEAD.match(code, at + len(name))
        before = code[max(0, at - 20) : at]
        if match is None or (match[1] is not None) != bool(re.search(r"\bfunction\s+$", before)) or before[-1:] == ".":
            continue
        given = match[1] or match[2] or match[3]
        yield [one.partition("=")[0].strip() for one in given.split(",")], _body(code, match.end())


def _body(code: str, start: int) -> str:
    """What follows an opening brace, to the one that closes it."""
    depth = 1
    for at in range(start, min(start + MAX_BODY, len(code))):
        depth += (code[at] == "{") - (code[at] == "}")
        if not depth:
            return code[start:at]
    return code[start : start + MAX_BODY]


def _leads(body: str, parameters: list[str], known: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts of the address that a function goes to, none where it is not a sum of what is known."""
    own: dict[str, str] = {}
    for match in islice(_SETS.finditer(body), 20):
        if value := SUM.match(body, match.end()):
            own.setdefault(match[1], value[0])
    for goes in islice(_GOES.finditer(body), 5):
        found = SUM.match(body, goes.end())
        parts = _parts(found[0], parameters, own, known, 0) if found else None
        if parts and any(isinstance(part, int) for part in parts):
            return tuple(parts)
    return ()


def _parts(
    text: str, parameters: list[str], own: Mapping[str, str], known: Mapping[str, str], depth: int
) -> list[Part] | None:
    found: list[Part] = []
    for literal, term in terms(text):
        if literal:
            found.append(term)
        elif term in parameters:
            found.append(parameters.index(term))
        elif term in own and depth < MAX_NESTED:
            inner = _parts(own[term], parameters, own, known, depth + 1)
            if inner is None:
                return None
            found += inner
        elif term in known:
            found.append(known[term])
        else:
            return None
    return found


def _argument(written: str) -> str | None:
    """An argument of a call as it stands in an address, None where it is not spelled out."""
    written = written.strip()
    if written.startswith(("this", "$(this)", "options[")):
        return VALUE
    bare = written.strip("\"'")
    return bare if _ARGUMENT.fullmatch(bare) and (bare != written or bare.isdecimal()) else None


def _at(given: list[str | None], place: int) -> str | None:
    return given[place] if place < len(given) else None
