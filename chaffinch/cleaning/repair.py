"""Repair what converters and editors broke in a line: annotations, shifted bytes, stray signs, leftover markup.

A repair gives the line back as its author wrote it, in its own script. What only hinders matching (壹 for 一) is not
damage and belongs to the canonical form.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from chaffinch.cleaning.byteshift import restore
from chaffinch.text.chinese.frequent import CHARACTERS
from chaffinch.text.chinese.hanzi import syllables, to_simplified, toneless

# Anything a repair might be needed for; a line without a match is returned as it came.
DAMAGED = (
    r"\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e01ef*#|>"
)
_DAMAGE = re.compile(
    rf"[{DAMAGED}]|  |^ | $| [,.;:!?，。；：！？、]|_x[0-9A-Fa-f]{{4}}_|&[a-zA-Z#]|[(（?？][a-zɡɑüà-ǿ]"
)
_ENTITY = re.compile(r"&(?:amp;)?(?:[a-zA-Z]{2,8}|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\xa0\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u3164\uffa0 ]+")
_CONTROL = re.compile(
    r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e01ef]"
)
_FULLWIDTH = re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_HALFWIDTH = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_HANZI = r"\u3400-\u4dbf\u4e00-\u9fff"
_ANNOTATION = re.compile(rf"(?<=[{_HANZI}])[(（] ?([a-zA-Zɡɑüà-ǿ]{{1,7}}[1-5]?) ?[)）]")
_SPACED = re.compile(r"(?<=[^\sa-zA-Z0-9]) ([,.;:!?，。；：！？、])(?: (?=[^\s0-9])|$)")
_HEADING = re.compile(r"^ ?#{1,6} +(?=\S)|^ ?#{2,6}(?=[^\s#])|(?<=[^\s#]) +#{1,6} ?$")
# Asterisks stand for words that a site will not print as well: 欠了**万元, 张**, 机器人 *** 提醒. Those stay. Emphasis
# is a pair around words; with a sentence's signs in it, one that stands between signs or ends with one.
_MASKED_BEFORE = r"(?<![*0-9a-zA-Z某张王李赵刘陈杨黄周吴徐孙胡朱高林何郭马罗])"
_MASKED_BEHIND = r"(?!(?:万|亿|元|年|月|日|岁|号|某|%))"
_EMPHASIS = re.compile(
    rf"{_MASKED_BEFORE}(\*{{2,3}})(?![*\s]){_MASKED_BEHIND}(?P<words>[^*，。；！？,;!?]{{1,60}}(?<!\s))\1(?![*0-9a-zA-Z])"
    r"|(?:(?<=^)|(?<=[\s，。；：！？,;:!?、]))(\*{2,3})(?![*\s])(?P<clause>[^*]{1,200}[^*\s])\3"
    r"(?=$|[\s，。；：！？,;:!?、])"
    rf"|(\*{{2,3}})(?![*\s]){_MASKED_BEHIND}(?P<sentence>[^*]{{1,200}}[。！？：:”])\5(?!\*)"
)
_UNCLOSED = re.compile(
    r"^\s?\*{2,3}(?![*\s])(?!(?:万|亿|元|年|月|日|岁|号|公司|银行|平台|集团|法院|先生|女士|律师))|(?<=[。！？：!?:”])\*{2,3}$"
)
_TAG_END = re.compile(
    r"[?？<]?/(?:p|div|span|td|tr|li|strong|b|h[1-6]|font|a)>$|^(?:p|div|span|br ?/?)>(?=\S)", re.IGNORECASE
)
_TABLE_ROW = re.compile(r"^ ?\|.*\| ?$")
_KINDS = (
    "entity", "tag", "control", "spacing", "fullwidth", "pinyin", "byte-shift", "markdown", "mojibake", "unreadable",
)  # fmt: skip
# A tag whose `<` went with the last byte of the character before it: GBK was read where UTF-8 stood, or the reverse.
_EATEN_TAG = re.compile(
    r"(?<=[^\x00-\x7f])(?P<stop>銆)?(?P<full>(?<=。)|(?<=[！；：，、…”」）]))?[?？\ufffd]/?(?:p|br|div|span|strong|b|font|em|td|li|a|h[1-6])\s?/?>"
)
_UNREADABLE = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010fffd]")
_NOT_ASCII = re.compile(r"[^\x00-\x3e\x40-\x7f]+")
_LOST = re.compile("\ufffd+")
_MISREAD_BYTES = {"?": b"\xff", "\ufffd": b"\xff", "€": b"\x80"}
_CUT_SIGNS = {b"\xe3\x80\xff": "。", b"\xef\xbc\xff": "，"}  # by far the commonest that begin so
_MISREAD = 4  # characters from which a run may be UTF-8 that was read as GBK (by hand)


# Beside frequent Chinese characters, what sound text has.
_SOUND = (
    (0, 0xFF), (0x2010, 0x2027), (0x2030, 0x203B), (0x2460, 0x24FF), (0x2190, 0x21FF), (0x25A0, 0x27BF),
    (0x3000, 0x3029), (0xFE00, 0xFFEF), (0x1F000, 0x1FFFF),
)  # fmt: skip


def sound_characters() -> Iterator[tuple[int, int]]:
    """Runs of code points, first and last, that sound text has."""
    yield from _SOUND
    common = set(CHARACTERS)
    common.update(chr(c) for c, plain in to_simplified().items() if plain in common)
    yield from ((ord(c), ord(c)) for c in sorted(common) if "\u4e00" <= c <= "\u9fff")


@lru_cache(maxsize=1)
def _suspicious() -> re.Pattern[str]:
    """A character that sound text seldom has: rare, private, or a sign out of place between Chinese characters."""
    runs = (chr(low) if low == high else f"\\U{low:08x}-\\U{high:08x}" for low, high in sound_characters())
    return re.compile(f"[^{''.join(runs)}]")


def is_strange(text: str) -> bool:
    """Whether a line has a character that sound text seldom has, so that `repair` must look for shifted bytes."""
    return _suspicious().search(text) is not None


def repair(text: str, shifted: bool = True) -> tuple[str, dict[str, int]]:
    """Repair one line. Returns it and how often each kind of damage was found.

    Without `shifted` no byte-shifted runs are looked for: the one repair that takes time.

    Kinds: entity, tag, control, spacing, fullwidth, pinyin, byte-shift, markdown, mojibake, and unreadable for
    characters that are left and mean nothing: lost ones, and private ones, which only a font of the page's own shows.
    The result holds no line break.
    """
    suspicious = _suspicious()
    strange = shifted and suspicious.search(text) is not None
    if not strange and not _DAMAGE.search(text):
        return text, {}
    counts: Counter[str] = Counter()
    if "&" in text:
        text = _counted(_ENTITY, _unescape, text, counts, "entity")
    text = _counted(_CONTROL, "", text, counts, "control")
    if strange and any(_may_be_misread(run[:2]) for run in _NOT_ASCII.findall(text) if len(run) >= _MISREAD):
        text = _counted(_NOT_ASCII, _read_as_utf8, text, counts, "mojibake")
    if ">" in text:
        text = _counted(_EATEN_TAG, _restore_end, text, counts, "mojibake")
    if text.rstrip().endswith(">") or ">" in text[:8]:
        text = _counted(_TAG_END, "", text.rstrip(), counts, "tag")
    # Before spaces change: an ideographic one may be half of a shifted pair.
    if strange or (shifted and ("?" in text or "？" in text)):
        text, counts["byte-shift"] = restore(text, suspicious)
        counts["unreadable"] = len(_UNREADABLE.findall(text))
    text = _space(text, counts)
    text = _counted(_FULLWIDTH, lambda m: m[0].translate(_HALFWIDTH), text, counts, "fullwidth")
    text = _drop_pinyin(text, counts)
    text = _counted(_SPACED, r"\1", text, counts, "spacing")
    if "*" in text or "#" in text or "|" in text:
        text = _drop_markdown(text, counts)
    return text, {kind: counts[kind] for kind in _KINDS if counts[kind]}


def _counted(pattern: re.Pattern[str], by: object, text: str, counts: Counter[str], kind: str) -> str:
    changed, n = pattern.subn(by, text)  # type: ignore[call-overload]
    if changed != text:
        counts[kind] += n
    return str(changed)


def _restore_end(match: re.Match[str]) -> str:
    """What stood before an eaten tag: nothing where a sentence's part has its sign, else a character that is lost."""
    return "。" if match["stop"] else "?" if match["full"] is None else ""


@lru_cache(maxsize=1 << 12)
def _may_be_misread(start: str) -> bool:
    """Whether a run that begins with these two characters may be UTF-8 that was read as GBK."""
    return bool(start.encode("gb18030", "ignore")[:3].decode("utf-8", "ignore"))


def _read_as_utf8(match: re.Match[str]) -> str:
    """A run of characters as the UTF-8 that was read as GBK, if that is beyond doubt: sound GBK is hardly ever UTF-8.

    A byte that was lost on the way takes its character with it, unless that is a sign that hardly another begins like.
    """
    run = match[0]
    if len(run) < _MISREAD or not _may_be_misread(run[:2]):
        return run
    try:
        data = b"".join(_MISREAD_BYTES.get(char) or char.encode("gb18030") for char in run)
    except UnicodeEncodeError:
        return run
    for cut, sign in _CUT_SIGNS.items():
        data = data.replace(cut, sign.encode())
    text = _LOST.sub("\ufffd", data.decode("utf-8", "replace"))
    # Chinese takes three bytes a character; what takes two are letters that sound GBK may come to, 一 to U+04BB.
    read = sum("\u2000" <= char < "\ufffd" for char in text)
    return text if read >= max(_MISREAD, 3 * text.count("\ufffd")) else run


def _unescape(match: re.Match[str]) -> str:
    return html.unescape(html.unescape(match[0]))


def _space(text: str, counts: Counter[str]) -> str:
    """One plain space for every run of white space, none at the ends."""
    spaced = _SPACE.sub(" ", text).strip(" ")
    counts["spacing"] += spaced != text
    return spaced


def _drop_pinyin(text: str, counts: Counter[str]) -> str:
    """Take out `(wèn)` behind a character that can be read so."""

    def judge(match: re.Match[str]) -> str:
        reading = match[1]
        if reading != reading.lower() or toneless(reading) not in syllables(text[match.start() - 1]):
            return match[0]
        counts["pinyin"] += 1
        return ""

    return _ANNOTATION.sub(judge, text)


def _drop_markdown(text: str, counts: Counter[str]) -> str:
    text = _counted(_HEADING, "", text, counts, "markdown")
    text = _counted(_EMPHASIS, lambda m: m["words"] or m["clause"] or m["sentence"], text, counts, "markdown")
    text = _counted(_UNCLOSED, "", text, counts, "markdown")
    if text.count("|") > 1 and _TABLE_ROW.match(text):
        cells = [cell.strip() for cell in text.strip(" |").split("|")]
        if any(cell.strip(":- ") for cell in cells):
            counts["markdown"] += 1
            text = " ".join(cell for cell in cells if cell)
    return text.strip(" ")
