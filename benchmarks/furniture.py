"""Furniture: how many of the short lines around an article the rules take, and that nothing of the article goes too.

  furniture.py [FILE…]          recall by place; benchmarks/furniture/*.txt without a FILE
  furniture.py --errors FILE…   each line left as well
  furniture.py --pages [FILE…]  up to seven of them to a page, as pages have them: one helps to know another
  furniture.py --check          the held-out lines against benchmarks/floors.toml; exit status 1 below it

A line PLACE|TEXT is tried in an article of six paragraphs: at the head under the title, at the tail, or inside. It is
found when nothing of it is left. An article line that goes with it is an error of its own kind; none may.
"""

from __future__ import annotations

import argparse
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaffinch.article.extract import read_text
from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.items import Article

HERE = Path(__file__).parent
PLACES = {"head": 3, "inside": 1, "tail": 3}  # the most lines of a page of several
TITLE = "网贷逾期了会有什么后果"
PARAGRAPHS = (
    "借款到期没有还上，平台先发短信提醒，过几天才会打电话，语气一般还算客气。",
    "罚息从逾期的第二天算起，按日累加，时间拖得越久，要还的数目就越大。",
    "超过一个月，记录多半已经报送征信，以后申请房贷车贷时，银行都能看到这一笔。",
    "有的平台会把账户转给外面的公司，电话多了起来，亲戚朋友也可能接到询问。",
    "真要走到诉讼这一步，法院会先安排调解，双方谈妥期限和数目，就不必开庭。",
    "早一点主动说明困难，给出能做到的还款计划，比躲着不接电话强得多。",
)


def left(place: str, line: str, rules: Rules) -> tuple[bool, bool]:
    """Whether something of the line is left, and whether an article line is lost."""
    at = {"head": 0, "inside": 3, "tail": len(PARAGRAPHS)}[place]
    lines = [TITLE, *PARAGRAPHS[:at], line, *PARAGRAPHS[at:]]
    article = read_text("file:x", "\n".join(lines))
    assert isinstance(article, Article)
    text = clean(article, rules, bytes(32)).text.split("\n")
    return bool(set(text) - set(PARAGRAPHS)), not set(PARAGRAPHS) <= set(text)


def paged(lines: Sequence[tuple[str, str]], rules: Rules) -> tuple[int, int, int]:
    """The same for pages of several lines, each line in three: how many go, of how many, and article lines lost."""
    chance = random.Random(7)
    found = count = lost = 0
    for _ in range(3):
        pools = {place: chance.sample(of, len(of)) for place in PLACES if (of := [t for p, t in lines if p == place])}
        while any(pools.values()):
            head, inside, tail = (
                [pools[place].pop() for _ in range(min(chance.randint(0, most), len(pools.get(place, ()))))]
                for place, most in PLACES.items()
            )
            above = head[: len(head) > 1 and chance.random() < 0.3]  # some stand over the title
            page = [*above, TITLE, *head[len(above) :], *PARAGRAPHS[:3], *inside, *PARAGRAPHS[3:], *tail]
            article = read_text("file:x", "\n".join(page), TITLE)
            assert isinstance(article, Article)
            cleaned = clean(article, rules, bytes(32))
            text = cleaned.text.split("\n")
            count += len(head) + len(inside) + len(tail)
            found += len(head) + len(inside) + len(tail) - len(set(text) - set(PARAGRAPHS))
            lost += not set(PARAGRAPHS) <= set(text)
    return found, count, lost


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="the held-out lines against the floor")
    parser.add_argument("--errors", action="store_true", help="name what is left")
    parser.add_argument("--pages", action="store_true", help="several lines to a page")
    options = parser.parse_args()
    floor = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))["furniture"]["recall"]
    rules = load_rules()
    low = False
    for path in options.files or sorted((HERE / "furniture").glob("held_out.txt" if options.check else "*.txt")):
        lines = [line.split("|", 1) for line in path.read_text(encoding="utf-8").splitlines() if "|" in line]
        lines = [(place, line) for place, line in lines if not place.startswith("#")]
        if options.pages:
            gone, count, lost = paged(lines, rules)
            print(f"{path.stem}: recall {gone / count:.3f} of {count} on pages, article lines lost {lost}")
            continue
        found: Counter[str] = Counter()
        lost = 0
        for place, line in lines:
            still, gone = left(place, line, rules)
            found[place] += not still
            lost += gone
            if options.errors and (still or gone):
                print(f"  {place}: {line}{' LOST WITH IT' if gone else ''}")
        places = Counter(place for place, _ in lines)
        shares = ", ".join(f"{place} {found[place]}/{places[place]}" for place in places)
        print(f"{path.stem}: recall {found.total() / len(lines):.3f} ({shares}), article lines lost {lost}")
        low |= options.check and (found.total() < floor * len(lines) or lost > 0)
    if low:
        print("TOO LOW")
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
