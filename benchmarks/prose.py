"""Prose: how much of it the boilerplate rules take for furniture.

  prose.py [FILE…]          sentences lost, by rule; benchmarks/prose/*.txt without a FILE
  prose.py --errors FILE…   each sentence lost as well
  prose.py --check          the held-out sentences against benchmarks/floors.toml; exit status 1 above it
  prose.py --gold FOLDER    lines of SET/ID.gold.txt that are lost, by rule: each page as one article

A sentence is tried as the first, the second, the last but one and the last line of an article, in the middle of it, at
the end of its last paragraph and at the start of its first: it is lost when any of these takes it or a part of it.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.items import Article, Block, Removed

HERE = Path(__file__).parent
KEY = bytes(32)
TITLE = "说说这件事的来龙去脉"
PARAGRAPHS = (
    "老街的早晨是从一碗面开始的，掌柜天不亮就起来和面，街坊们陆续来了，各自找老位子坐下。",
    "桥修好以后，去县城的路近了一半，年轻人骑车上班，老人也愿意隔三差五去看看集市。",
    "那一年的冬天特别长，河面结了厚厚的冰，孩子们放学就在冰上抽陀螺，直到天黑才肯回家。",
    "后来搬进楼房，邻居之间见面少了，可是逢年过节，大家还是会端着自家做的点心互相串门。",
    "再后来街道拓宽，老店一家家关了门，只有面馆还在，掌柜换成了他的儿子，味道倒没怎么变。",
    "如今回去，总要在那张旧桌子前坐一会儿，听来往的人说话，好像时间从来没有走远。",
)


def places(sentence: str) -> Iterator[list[str]]:
    """The articles that a sentence is tried in, as their lines."""
    lines = list(PARAGRAPHS)
    for at in (0, 1, 3, len(lines) - 1, len(lines)):
        yield [*lines[:at], sentence, *lines[at:]]
    yield [*lines[:-1], lines[-1] + sentence]
    yield [sentence + lines[0], *lines[1:]]


def lost(lines: list[str], rules: Rules, title: str = TITLE) -> tuple[Removed, ...]:
    """What cleaning takes out of an article that is all prose."""
    return clean(Article("file:x", title, tuple(map(Block, lines))), rules, KEY).removed


def measure(path: Path, rules: Rules) -> tuple[int, Counter[str], list[str]]:
    """How many sentences a file has, and those lost: by rule, and as lines that say so."""
    by_rule: Counter[str] = Counter()
    errors = []
    sentences = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("# ")]
    for sentence in sentences:
        for place, lines in enumerate(places(sentence)):
            if removed := lost(lines, rules):
                by_rule[removed[0].rule] += 1
                errors.append(f"{removed[0].rule} at {place}: {removed[0].text}")
                break
    return len(sentences), by_rule, errors


def gold(folder: Path, rules: Rules) -> tuple[int, Counter[str], list[str]]:
    """The same for gold texts, whose every line is the article's."""
    by_rule: Counter[str] = Counter()
    errors = []
    count = 0
    for path in sorted(folder.glob("*/*.gold.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        count += len(lines)
        for one in lost(lines, rules, ""):
            by_rule[one.rule] += 1
            errors.append(f"{one.rule} in {path.parent.name}/{path.name[:8]}: {one.text}")
    return count, by_rule, errors


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="the held-out sentences against the floor")
    parser.add_argument("--errors", action="store_true", help="name what is lost")
    parser.add_argument("--gold", type=Path, metavar="FOLDER", help="gold texts in the place of sentences")
    options = parser.parse_args()
    most = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))["prose"]["lost"] if options.check else 1.0
    rules = load_rules()
    high = False
    for path in (
        [options.gold]
        if options.gold
        else options.files or sorted((HERE / "prose").glob("held_out.txt" if options.check else "*.txt"))
    ):
        count, by_rule, errors = gold(path, rules) if options.gold else measure(path, rules)
        print(f"{path.stem}: {by_rule.total()} of {count} lost {dict(by_rule.most_common())}")
        high |= by_rule.total() > most * count
        if options.errors:
            print(*(f"  {error}" for error in errors), sep="\n")
    if high:
        print("TOO MUCH")
    return int(high)


if __name__ == "__main__":
    sys.exit(main())
