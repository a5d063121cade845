"""Contacts: how many of those marked in texts are masked, and how much is masked that is none.

  contacts.py [FILE…]            precision and recall on marked texts; benchmarks/contacts/*.txt without a FILE
  contacts.py --errors FILE…     each contact missed and each wrong mask as well
  contacts.py --check            the held-out texts against benchmarks/floors.toml; exit status 1 below a floor
  contacts.py --masks FILE…      what is masked in plain texts, one a line; FILE is .txt or .jsonl (its "text"), or .gz

In a marked text a contact stands as {kind|contact}; ⏎ parts the lines of one text; # begins a remark. A contact is
found when none of its characters is left; a mask is right when it overlaps a contact. Precision is the share of right
masks, recall the share of contacts found.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chaffinch.cleaning.repair import repair
from chaffinch.text.contacts.forms import find

HERE = Path(__file__).parent
MARK = re.compile(r"\{(phone|qq|wechat|email|icp)\|([^{}]*(?:\{at\})?[^{}]*)\}")


class Score(NamedTuple):
    """Counts over one file of marked texts."""

    contacts: int
    found: int
    masks: int
    right: int
    errors: list[str]

    @property
    def precision(self) -> float:
        return self.right / self.masks if self.masks else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.contacts if self.contacts else 1.0


def texts(path: Path) -> Iterator[list[str]]:
    """The marked texts of a file, each as its lines."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            yield line.split("⏎")


def unmarked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """A line without its marks, and where its contacts stand."""
    plain, spans, at = "", [], 0
    for match in MARK.finditer(line):
        plain += line[at : match.start()]
        spans.append((len(plain), len(plain) + len(match[2])))
        plain += match[2]
        at = match.end()
    return plain + line[at:], spans


def score(path: Path) -> Score:
    """Masks every text of a file and counts."""
    contacts = found = masks = right = 0
    errors = []
    for lines in texts(path):
        context = ""
        for line in lines:
            plain, wanted = unmarked(line)
            got = [(start, end) for start, end, _, _ in find(plain, context)]
            context = plain
            missed = [w for w in wanted if not _covered(*w, plain, got)]
            wrong = [g for g in got if not any(g[0] < end and start < g[1] for start, end in wanted)]
            contacts, found = contacts + len(wanted), found + len(wanted) - len(missed)
            masks, right = masks + len(got), right + len(got) - len(wrong)
            errors += [f"missed {plain[a:b]!r} in {plain}" for a, b in missed]
            errors += [f"wrong  {plain[a:b]!r} in {plain}" for a, b in wrong]
    return Score(contacts, found, masks, right, errors)


def _covered(start: int, end: int, plain: str, got: list[tuple[int, int]]) -> bool:
    """Whether no letter or digit of a contact is left; a bracket or a sign may be."""
    return all(not plain[i].isalnum() or any(a <= i < b for a, b in got) for i in range(start, end))


def plain_lines(path: Path) -> Iterator[str]:
    """The lines of texts without marks."""
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines():
        yield from json.loads(line)["text"].splitlines() if ".jsonl" in path.name else [line]


def show_masks(paths: list[Path]) -> None:
    """Prints what is masked, with what stands around it."""
    lines = count = 0
    for path in paths:
        context = ""
        for raw in plain_lines(path):
            line, _ = repair(raw)
            lines += 1
            for start, end, kind, _ in find(line, context):
                count += 1
                print(f"{kind}\t{line[max(0, start - 16) : start]}⟨{line[start:end]}⟩{line[end : end + 10]}")
            context = line
    print(f"{count} masks in {lines} lines", file=sys.stderr)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="the held-out texts against the floors")
    parser.add_argument("--errors", action="store_true", help="name what is wrong")
    parser.add_argument("--masks", action="store_true", help="what is masked in plain texts")
    options = parser.parse_args()
    if options.masks:
        show_masks(options.files)
        return 0
    floors = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))["contacts"] if options.check else {}
    low = False
    for path in options.files or sorted((HERE / "contacts").glob("held_out.txt" if options.check else "*.txt")):
        got = score(path)
        print(
            f"{path.stem}: precision {got.precision:.3f} ({got.right}/{got.masks}),"
            f" recall {got.recall:.3f} ({got.found}/{got.contacts})"
        )
        low |= got.precision < floors.get("precision", 0) or got.recall < floors.get("recall", 0)
        if options.errors:
            print(*(f"  {error}" for error in got.errors), sep="\n")
    if low:
        print("TOO LOW")
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
