"""Whole farm pages: how much of the furniture in and around their text goes, and that no line of the text goes too.

  farm_pages.py [FILE…]          both ways of reading: the page, and its main column as plain text; FILE of
                                 benchmarks/furniture/pages/*.txt, all of them without one
  farm_pages.py --errors FILE…   each piece left and each line lost as well
  farm_pages.py --check          the held-out pages against benchmarks/floors.toml; exit status 1 below one

The pages are put together as pages of farms stand that are stored; their texts are in other words. A page is
`=== NAME|TITLE|SUFFIX` and its main column: what stands in {{…}} is furniture, in [[…]] the title or what may as well
be either, all else the article's. Around the column stand menus, lists and a foot, which do not count.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parent.parent))  # it runs as a file, too

from chaffinch.article.extract import extract, read_text
from chaffinch.cleaning.clean import Rules, clean, load_rules
from chaffinch.items import Article, NotArticle, Page
from chaffinch.page.decode import decode

HERE = Path(__file__).parent
Way = Literal["page", "text"]
WAYS: tuple[Way, ...] = ("page", "text")
MOSTLY = 0.6  # of a piece's pairs of letters: so much of it among what is left, and it was left
_BLOCKS = re.compile(
    r"</?(?:html|body|div|nav|p|h[1-6]|ul|ol|li|dl|dt|dd|table|tr|td|section|article|blockquote)\b[^>]*>|<br\s*/?>"
)
_TAG = re.compile(r"<[^>]*>")
_NOT_WORD = re.compile(r"[\W_]+")
_TITLES = (
    "借呗还款日可以改吗", "信用卡积分怎么换话费", "离职证明丢了怎么办", "电饭煲内胆发黄怎么洗",
    "公积金可以全部取出来吗", "房产证加名字要多少钱", "征信报告去哪里打", "驾照扣十二分怎么办",
    "怎么判断蜂蜜真假", "小产权房能过户吗",
)  # fmt: skip
_MENU = "".join(
    f'<li><a href="/c/{word}/">{word}</a></li>' for word in ("首页", "法律", "理财", "生活", "百科", "问答")
)


@dataclass(frozen=True, slots=True)
class FarmPage:
    """A page: its HTML, its main column as lines, and what of it is what."""

    name: str
    html: str
    column: tuple[str, ...]
    furniture: tuple[str, ...]
    either: tuple[str, ...]
    article: tuple[str, ...]

    def read(self, way: Way) -> Article | NotArticle:
        """The page as reading or as plain text has it."""
        if way == "page":
            return extract(decode(Page(f"https://www.{self.name}.example/a/1.html", self.html.encode())))
        return read_text("file:x", "\n".join(self.column))


def squeezed(text: str) -> str:
    """Letters and digits only."""
    return _NOT_WORD.sub("", text)


def _plain(part: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", part)).replace("\u3000", " ").split())


def _lines(part: str) -> tuple[str, ...]:
    return tuple(line for piece in _BLOCKS.sub("\n", part).split("\n") if (line := _plain(piece)))


def pages(path: Path) -> Iterator[FarmPage]:
    """The pages of a file."""
    for n, part in enumerate(path.read_text(encoding="utf-8").split("=== ")[1:]):
        head, column = part.split("\n", 1)
        name, title, suffix = head.split("|")[:3]
        pieces = [_plain(one) for one in re.findall(r"\{\{(.*?)\}\}", column, re.DOTALL)]
        either = [_plain(one) for one in re.findall(r"\[\[(.*?)\]\]", column, re.DOTALL)]
        own = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]", "", column, flags=re.DOTALL)
        bare = re.sub(r"\{\{|\}\}|\[\[|\]\]", "", column)
        yield FarmPage(
            name, _around(bare, n, title, suffix), _lines(bare), tuple(one for one in pieces if squeezed(one)),
            tuple(either), tuple(line for line in _lines(own) if squeezed(line)),
        )  # fmt: skip


def _around(column: str, n: int, title: str, suffix: str) -> str:
    """A whole page around a column."""
    titles = [_TITLES[(3 * n + k) % len(_TITLES)] for k in range(6)]
    links = "".join(f'<li><a href="/a/{k}.html">{one}</a></li>' for k, one in enumerate(titles))
    site = suffix.strip("-_")
    body = (
        f'<div class="top"><ul>{_MENU}</ul></div><div class="wrap"><div class="left">{column}</div><div class="right">'
        f"<h3>最新文章</h3><ul>{links}</ul></div></div><div>Copyright © 2024 {site} 版权所有</div>",
        f"<nav>{_MENU}</nav><main>{column}</main><aside><h3>热门</h3>{links}</aside><footer>© {site}</footer>",
        f'<div id="top"><ul>{_MENU}</ul></div>{column}<div id="bottom"><p>{site} 京ICP备2021000001号-1</p></div>',
        f'<table><tr><td>{_MENU}</td></tr><tr><td>{column}</td><td width="200">{links}</td></tr></table>',
    )[n % 4]
    return f"<html><head><meta charset=utf-8><title>{title}{suffix}</title></head><body>{body}</body></html>"


def judged(page: FarmPage, text: str) -> tuple[list[str], list[str]]:
    """The pieces of furniture that a text has left, and the lines of the article that it lacks."""
    lines = [line for one in text.split("\n") if (line := squeezed(one))]
    whole = "\n".join(lines)
    lost = [line for line in page.article if squeezed(line) not in whole]
    for own in (*sorted(map(squeezed, page.article), key=len, reverse=True), *map(squeezed, page.either)):
        at = next((i for i, line in enumerate(lines) if own == line or (len(own) > 5 and own in line)), None)
        if at is not None:
            lines[at] = lines[at].replace(own, "\n", 1)
    rest = [part for line in lines for part in line.split("\n") if part]
    pairs = Counter(pair for part in rest for pair in _pairs(part))

    def is_left(piece: str) -> bool:
        wanted = Counter(_pairs(piece))
        return piece in rest if len(piece) < 3 else (wanted & pairs).total() >= MOSTLY * wanted.total()

    return [piece for piece in page.furniture if is_left(squeezed(piece))], lost


def _pairs(text: str) -> Sequence[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)] or [text]


def measure(path: Path, way: Way, rules: Rules, errors: bool = False) -> tuple[int, int, int, int]:
    """Of a file: pieces of furniture that go, pieces, lines of articles lost, lines."""
    gone = pieces = lost = lines = 0
    for page in pages(path):
        found = page.read(way)
        text = clean(found, rules, bytes(32)).text if isinstance(found, Article) else ""
        left, missed = judged(page, text)
        gone += len(page.furniture) - len(left)
        pieces += len(page.furniture)
        lost += len(missed)
        lines += len(page.article)
        if errors:
            for told, which in (("left", left), ("LOST", missed)):
                for one in which:
                    print(f"  {page.name} {told}: {one}")
    return gone, pieces, lost, lines


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="the held-out pages against the floor")
    parser.add_argument("--errors", action="store_true", help="name what is left and what is lost")
    options = parser.parse_args()
    floors = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))["farm_pages"]
    which = "held_out*.txt" if options.check else "*.txt"
    rules, low = load_rules(), False
    for path in options.files or sorted((HERE / "furniture" / "pages").glob(which)):
        for way in WAYS:
            gone, pieces, lost, lines = measure(path, way, rules, options.errors)
            print(f"{path.stem} as {way}: {gone / pieces:.3f} of {pieces} pieces, {lost} of {lines} lines lost")
            if options.check:
                floor = floors[path.stem]
                low |= gone < floor[way] * pieces or lost > floor["lost"]
    if low:
        print("TOO LOW")
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
