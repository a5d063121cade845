"""Restore runs of byte-shifted GBK: text that a byte-wise converter left one byte off its characters.

The converter replaced byte pairs without regard to where characters begin. From there on each character is read
from the second byte of one and the first byte of the next, until a single byte puts the text back into step.
Every place where a run may start is read out of step, every place where that can fall back into step is a candidate
end, and the likeliest is restored if it is far likelier than the text as it stands (character frequencies and
dictionary bigrams): sound text, however rare its characters, stays.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from chaffinch.text.chinese.frequent import CHARACTERS
from chaffinch.text.chinese.hanzi import bigrams, simplified, syllables, toneless

# "?nèi)" is what an annotated character leaves when its first byte went to the character before it.
_LOST = re.compile(r"[?？][a-zɡɑüà-ǿ]{1,7}[)）]")
# Two that were lost together: the character before the run, and the first byte of the next.
_LOST_PAIR = re.compile(r"[?？]{2}(?=[^\x00-\x7f？])")
_LONGEST = 4_000  # characters of a line that are examined (cost)
_LONGEST_RUN = 200  # cost
_RIVALS = 6  # starts so close together are starts of one run (by hand)
_MARGIN = 8  # characters in step that a window keeps on both sides (by hand)
_GAIN = 14.0  # nats by which a run must beat the text as it stands (by hand)
# Nats of a character or sign that is in no list, and of one of private use (by hand).
_UNLISTED, _PRIVATE = -13.5, -17.0
_WORD = 2.5  # nats a dictionary bigram adds (by hand)
_AT_LOST, _ANYWHERE = -4.5, -9.0  # nats of an end of a run where a character was lost, and of any other (by hand)
_PUNCTUATION = frozenset("，。、；：？！“”‘’（）《》【】…—,.;:?!()\"' \u3000「」")


@lru_cache(maxsize=1)
def _frequencies() -> dict[str, float]:
    """Log-probability by character: Zipf over the rank, fitted to the counts behind CHARACTERS."""
    return {c: -3.2 - 1.02 * math.log(rank + 3.0) for rank, c in enumerate(CHARACTERS, 1)}


@lru_cache(maxsize=1 << 15)
def _score(char: str) -> float:
    known = _frequencies().get(simplified(char))
    if known is not None:
        return known
    if char in _PUNCTUATION:
        return -4.0
    if char.isascii():
        return -6.5 if char.isalnum() else -8.0
    return _PRIVATE if "\ue000" <= char <= "\uf8ff" or char == "\ufffd" else _UNLISTED


@lru_cache(maxsize=1 << 15)
def _pair(first: str, second: str) -> float:
    return _WORD if simplified(first) + simplified(second) in bigrams() else 0.0


@lru_cache(maxsize=1 << 15)
def _bytes(char: str) -> bytes:
    try:
        return char.encode("gb18030")
    except UnicodeEncodeError:  # a lone surrogate
        return b""


@lru_cache(maxsize=1 << 16)
def _decode(lead: int, trail: int) -> str:
    """The character of a byte pair, "" if there is none or it is private."""
    try:
        char = bytes((lead, trail)).decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return char if len(char) == 1 and not "\ue000" <= char <= "\uf8ff" else ""


def _best_guess(candidates: Iterator[str], before: str, after: str) -> str:
    """The candidate that makes a dictionary word with a neighbour, "" where none does or two do nearly as well."""
    scored = []
    for char in candidates:
        words = (bool(before) and _pair(before, char) > 0) + (bool(after) and _pair(char, after) > 0)
        if words:
            scored.append((_score(char) + words * _WORD, char))
    scored.sort(reverse=True)
    if not scored or scored[0][0] < -9.5 or (len(scored) > 1 and scored[0][0] - scored[1][0] < 0.3):
        return ""
    return scored[0][1]


def _with_lead(lead: int) -> Iterator[str]:
    return (c for c in (_decode(lead, t) for t in range(0x40, 0xFF)) if c)


def _with_trail(trail: int) -> Iterator[str]:
    return (c for c in (_decode(lead, trail) for lead in range(0x81, 0xFF)) if c)


def _lost_leads(line: str, at: int, reading: str) -> set[int]:
    """The bytes that an annotated character may have taken with it.

    Its first byte is the second of line[at], its second byte began the run: one choice for each character that has
    that reading.
    """
    encoded = _bytes(line[at]) if at >= 0 else b""
    if len(encoded) != 2:
        return set()
    return {_bytes(c)[1] for c in _with_lead(encoded[1]) if reading in syllables(c)}


def _windows(line: str, suspicious: re.Pattern[str]) -> list[tuple[int, int]]:
    """The parts of a line worth the search: around lost annotations, and where shifting makes characters commoner."""
    marks = [*_LOST.finditer(line), *_LOST_PAIR.finditer(line)]
    spans = [(m.start(), m.end() + 24, True) for m in marks]
    positions = [m.start() for m in suspicious.finditer(line)]
    group: list[int] = []
    for position in [*positions, len(line) + 100]:
        if group and position - group[-1] > 6:
            if len(group) > 1:
                spans.append((group[0], group[-1] + 1, False))
            group = []
        group.append(position)
    spans.sort()
    merged: list[tuple[int, int]] = []
    for start, end, marked in spans:
        if not marked and not _commoner_when_shifted(line[start:end], suspicious):
            continue
        low, high = max(0, start - _MARGIN), min(len(line), end + _MARGIN)
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _commoner_when_shifted(part: str, suspicious: re.Pattern[str]) -> bool:
    stream = "".join(c for c in part if len(_bytes(c)) == 2 or c.isalpha())
    stream = "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in stream)
    shifted = b"".join(map(_bytes, stream))[1:].decode("gb18030", "replace")
    return len(suspicious.findall(shifted)) * 2 <= len(suspicious.findall(part)) + 1


def restore(line: str, suspicious: re.Pattern[str]) -> tuple[str, int]:
    """Restore the byte-shifted runs of a line. Returns the line and how many runs there were.

    `suspicious` matches a character that sound text seldom has. A character that lost a byte at an end of a run is
    restored where the lost byte is known or a dictionary word leaves one choice; else `?` stands for it.
    """
    spans = _windows(line[:_LONGEST], suspicious)
    count = 0
    for start, end in reversed(spans):
        text, runs = _restore_window(line, start, end)
        if runs:
            line = line[:start] + text + line[end:]
            count += runs
    return line, count


def _restore_window(line: str, start: int, end: int) -> tuple[str, int]:
    """Restore the runs of a window one after the other; of starts close together the likeliest counts."""
    out: list[str] = []
    runs, at = 0, start
    while at < end:
        first = next(_runs_at(line, at, end), None)
        if first is None:
            out.append(line[at])
            at += 1
            continue
        rivals = [run for other in range(at + 1, min(at + _RIVALS, end)) for run in _runs_at(line, other, end)]
        _, begin, stop, text = max([first, *rivals])
        out += (line[at:begin], text)
        runs, at = runs + 1, stop
    return "".join(out), runs


class _Run(NamedTuple):
    """A run being read: what it says so far and how likely that is."""

    text: str
    score: float
    pairs: int
    at: int  # the next character to take
    pending: int
    raw: float  # how likely the characters taken are as they stand
    read: int = 0  # characters decoded whole
    trail: int = 0  # the byte left of the character at the start, 0 where nothing is left to guess
    double: bool = False  # whether two lost characters stand before it


def _starts(line: str, at: int, end: int, before: str) -> Iterator[tuple[_Run, bool]]:
    """The ways in which a run can start at a character: each with whether a lost annotation marks it."""
    marked = _LOST.match(line, at, end)
    if marked:
        for lead in _lost_leads(line, at - 1, toneless(marked[0][1:-1])):
            yield _Run("", 0.0, 0, marked.end(), lead, -10.0), True
        return
    if at and _LOST_PAIR.match(line, at - 1, end):
        return
    pair = _LOST_PAIR.match(line, at, end)
    skip = 2 if pair else 1 if line[at] in "?？" else 0
    if at + skip >= end:
        return
    encoded = b"\xa3\xbf" if skip and line[at + skip] == "?" else _bytes(line[at + skip])
    if len(encoded) != 2:
        return
    yield _Run(
        "?" if skip else "", _AT_LOST if skip else _ANYWHERE, 0, at + skip + 1, encoded[1],
        _score(line[at + skip]), trail=encoded[0], double=pair is not None,
    ), False  # fmt: skip


def _with_first(run: _Run, before: str) -> str:
    """A run's text with the character at its start, of which only the second byte is left, where it is known."""
    body = run.text[1:] if run.text.startswith("?") else run.text
    guess = _best_guess(_with_trail(run.trail), before, body[:1]) if run.trail else ""
    return guess + body if guess else run.text


def _runs_at(line: str, at: int, end: int) -> Iterator[tuple[float, int, int, str]]:
    """The likeliest run that starts at a character, as (gain, start, end, its text); none for sound text."""
    before = line[at - 1 : at]
    best: tuple[float, int, int, _Run] | None = None
    for run, marked in _starts(line, at, end, before):
        for stop in _ends(run, line, end, before):
            gain = stop.score - stop.raw
            if (best is None or gain > best[0]) and _accept(stop, gain, marked):
                best = (gain, at, stop.at, stop)
    if best is not None:
        gain, at, stop_at, run = best
        yield gain, at, stop_at, _with_first(run, before)


def _accept(run: _Run, gain: float, marked: bool) -> bool:
    if marked:
        return run.read >= 1 and gain >= _GAIN
    if run.double:
        return run.read >= 2 and gain >= _GAIN and run.pairs > 0
    return run.read >= 3 and gain >= _GAIN and run.pairs * 8 >= run.read and run.score / run.read > -10.0


def _ends(run: _Run, line: str, end: int, before: str) -> Iterator[_Run]:
    """Read on out of step; every point where the line can fall back into step is one candidate."""
    while run.at < end and run.read < _LONGEST_RUN:
        char = line[run.at]
        encoded = _bytes(char)
        if char in "?？":  # the second byte is lost; what follows is in step
            after = line[run.at + 1 : run.at + 2]
            guess = _best_guess(_with_lead(run.pending), run.text[-1:] or before, after)
            yield run._replace(
                text=run.text + (guess or "?"), score=run.score + _AT_LOST, at=run.at + 1, raw=run.raw + _UNLISTED
            )
        if char == "€":
            encoded = b"\x80"
        if len(encoded) == 1 and encoded[0] >= 0x40 and (whole := _decode(run.pending, encoded[0])):
            yield _take(run, whole, before, char)
        if len(encoded) == 1:  # a full-width sign that was folded
            encoded = bytes((0xA3, encoded[0] | 0x80))
        if len(encoded) != 2 or not (whole := _decode(run.pending, encoded[0])):
            return
        run = _take(run, whole, before, char, encoded[1])
        if run.score - run.raw < -_GAIN or (run.read > 20 and run.pairs * 12 < run.read):
            return
        yield run._replace(score=run.score + _ANYWHERE)


def _take(run: _Run, whole: str, before: str, char: str, pending: int = 0) -> _Run:
    text, score, pairs, at, _, raw, read, trail, double = run
    word = _pair(text[-1:] or before, whole)
    raw += _score(char) + (0.0 if read else _pair(before, char))
    score += _score(whole) + word
    return _Run(text + whole, score, pairs + (word > 0), at + 1, pending, raw, read + 1, trail, double)
