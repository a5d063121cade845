"""The form of a text that matching and search compare: simplified, NFKC, lower case, single spaces.

Every character is folded on its own, by one table over all code points, derived from OpenCC and the Unicode
database on first use. OpenCC's phrase rules are left out on purpose: they are slower, and what they decide
(乾隆 keeps its 乾) is a difference between two copies whenever only one of them went through a converter.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import opencc
from numpy.typing import NDArray

# What farms write for another character everywhere, and where converters disagree beyond OpenCC's tables.
_DISGUISES = dict(
    zip(
        "幺壹妳祢牠祂著馀瞭摺藉徵乾甚麽砲鐘钜週佔佈傢彷彿髮帐帳箇衹祇隻唸夥拚証",
        "么一你你它它着余了折借征干什么炮钟巨周占布家仿佛发账账个只只只念伙拼证",
        strict=True,
    )
)
# CJK Radicals Supplement, U+2E81 to U+2EF3 but for U+2E9A which is none: what PDF files and fonts hold in the place of
# the ideographs here, and NFKC leaves alone. From EquivalentUnifiedIdeograph.txt of the Unicode Character Database.
_RADICALS = dict(
    zip(
        map(chr, [*range(0x2E81, 0x2E9A), *range(0x2E9B, 0x2EF4)]),
        "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑𫜹忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉"
        "𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)
# Seen by nobody and yet letters to the database: the fillers of Hangul, UAX #44, Default_Ignorable_Code_Point.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_DELETED = 0  # NUL itself goes too (source: Unicode: NUL)
_EXPANDED = 0x110000  # marks what becomes several characters (layout: no character has this number)
_HAN = (range(0x3400, 0xA000), range(0x20000, 0x2A6E0))
_OTHERS = (
    range(0x3400),
    range(0xA000, 0xAC00),
    range(0xD7A4, 0x10000),
    range(0x10780, 0x107C0),
    range(0x1BC9D, 0x1BCA4),  # what shapes shorthand and, below, music, seen by nobody
    range(0x1D15E, 0x1D1C1),
    range(0x1D400, 0x1F300),
    range(0x1FBF0, 0x1FBFA),  # digits in segments
    range(0x2F800, 0x2FA20),
    range(0xE0000, 0xE01F0),  # tags, and the selectors of ideographic variants
)


@cache
def _han_table() -> dict[str, str]:
    """Traditional and variant characters to the one simplified character that stands for all of them."""
    han = [chr(code) for codes in _HAN for code in codes]
    joined = "\n".join(han)
    table = {
        source: target
        for source, target in zip(han, opencc.OpenCC("t2s").convert(joined).split("\n"), strict=True)
        if source != target and len(target) == 1
    }
    # s2tw is s2t and then t2tw; asked for as such, its dictionary of phrases would be loaded once more. So s2hk.
    traditional = opencc.OpenCC("s2t").convert(joined)
    forms = [traditional, *(opencc.OpenCC(config).convert(traditional) for config in ("t2tw", "t2hk"))]
    for form in forms:
        for source, target in zip(han, form.split("\n"), strict=True):
            if source != target and len(target) == 1 and source not in table:
                table.setdefault(target, source)
    table |= _DISGUISES
    for target in _DISGUISES.values():
        table.pop(target, None)
    closed = {}
    for source in table:
        target, seen = table[source], {source}
        while target in table and target not in seen:
            seen.add(target)
            target = table[target]
        closed[source] = target
    return closed


def _fold(character: str, han: dict[str, str]) -> str:
    """What one character becomes: nothing, a space, one character or several."""
    if character == "\n":
        return character
    if character.isspace():
        return " "
    if character in _FILLERS:
        return ""
    character = _RADICALS.get(character, character)
    folded = []
    for part in unicodedata.normalize("NFKC", character).lower():
        decomposed = unicodedata.normalize("NFD", part)
        letters = [letter for letter in decomposed if unicodedata.category(letter) != "Mn"]
        if part.isspace():
            folded.append(" ")
        elif letters and unicodedata.category(part) not in ("Cc", "Cf", "Cs"):
            folded.append(han.get(part, letters[0] if len(letters) == 1 else part))
    return "".join(folded)


def _not_plain() -> list[str]:
    """The characters other than ideographs of which `_fold` may make another: most stay as they are, which is seen
    of all at once. A line break between two keeps each from what stands beside it."""
    every = [chr(code) for codes in _OTHERS for code in codes if code != ord("\n")]
    joined = "\n".join(every)
    forms = (unicodedata.normalize(form, joined).lower().split("\n") for form in ("NFKC", "NFD"))
    return [
        character
        for character, *others in zip(every, *forms, strict=True)
        if others != [character, character]
        or character in _RADICALS
        or character in _FILLERS
        or character.isspace()
        or unicodedata.category(character) in ("Mn", "Cc", "Cf", "Cs")
    ]


@cache
def _table() -> tuple[NDArray[np.uint32], dict[str, str]]:
    """The code-point table, and what becomes several characters."""
    han = _han_table()
    table = np.arange(0x110000, dtype=np.uint32)
    expanded: dict[str, str] = {}
    for character in _not_plain():
        code, folded = ord(character), _fold(character, han)
        if len(folded) == 1:
            table[code] = ord(folded)
        elif folded:
            table[code], expanded[character] = _EXPANDED, folded
        else:
            table[code] = _DELETED
    for source, target in han.items():
        table[ord(source)] = ord(target)
    return table, expanded


def folds() -> dict[str, str]:
    """Every character that does not stay as it is, and what becomes of it; "" where it goes."""
    table, expanded = _table()
    changed = np.flatnonzero(table != np.arange(len(table), dtype=np.uint32)).tolist()
    single = {chr(code): chr(table[code]) for code in changed if table[code] not in (_DELETED, _EXPANDED)}
    deleted = {chr(code): "" for code in changed if table[code] == _DELETED}
    return single | deleted | expanded


def canonical(text: str) -> str:
    """The canonical form of a text, line by line: line n of one is line n of the other.

    Idempotent. Marks and accents, control and zero-width characters go; runs of white space become one space.
    """
    table, expanded = _table()
    folded = table[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")]
    if (folded == _EXPANDED).any():
        for character in set(text) & expanded.keys():
            text = text.replace(character, expanded[character])
        folded = table[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")]
    kept = folded[folded != _DELETED]
    lines = kept.astype("<u4", copy=False).tobytes().decode("utf-32-le").split("\n")
    return "\n".join([" ".join(line.split()) for line in lines])
