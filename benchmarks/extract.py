"""Main text: quality, speed and memory over a folder of pages with gold text, against peers.

  extract.py [FOLDER]            ours and the peers': F1, total misses, furniture left in, pages/s, memory
  extract.py --rendered          by kind of page of rendered.py, ours and the peers': text, furniture, titles, dates,
                                 authors (benchmarks/kinds.py)
  extract.py --check [FOLDER]    ours only, against benchmarks/floors.toml; exit status 1 below a floor. Beside pages
                                 of FOLDER those of templates that no model was fitted to

FOLDER holds manifest.jsonl, one {"set", "id", "url"?, "content_type"?} a line, and SET/ID.html or .html.gz with
SET/ID.gold.txt beside it; pages without gold are left out, sets of forum threads are scored apart. Without FOLDER
it is the project's own pages. Everyone gets the raw bytes; the column `decoded` is the peers' F1 on text that we
decoded. F1 is over multisets of four characters, white space removed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import multiprocessing
import re
import resource
import statistics
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from lxml.html import fromstring

sys.path.insert(0, str(Path(__file__).parent.parent))  # it runs as a file, too

from chaffinch.article.extract import extract
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.items import Article, Page
from chaffinch.page.decode import decode

FLOORS = Path(__file__).with_name("floors.toml")
OWN = Path(__file__).resolve().parent.parent / "tests" / "article" / "pages"
MISS = 0.5  # F1 below which a page counts as lost
OPENING = 20  # characters of the gold text that must be there
ROUNDS = 3  # of which the fastest counts
# What peers are known to leave in. A page counts where its gold text has none of it.
FURNITURE = {
    "editor": r"责任编辑|責任編輯|责编[:：]",
    "views": r"(?:浏览|阅读|点击|人气|热度|瀏覽|閱讀)(?:次数|量|数)?\s?[:：(（]\s?\d|℃|\d\s?[次人]?(?:浏览|阅读|看过)",
    "notice": r"侵权|侵權|侵删|不代表本[站网]|本[站网]立场|免责声明|版权归原作者",
    "breadcrumb": r"(?:当前|当前所在|您的|現在|當前)位置|位置[:：]\s?首页|首页\s?[>»›]",
    "related": r"相关(?:阅读|推荐|文章|新闻)|推荐阅读|猜你喜欢|延伸阅读|上一篇|下一篇|相關(?:文章|閱讀)",
    "promotion": r"请关注|欢迎关注|扫码|扫一扫|点击展开|展开全文|敬请关注",
}
_SPACE = re.compile(r"[\s\u3000\u200b\ufeff\xa0]+")
_TITLE = re.compile(r"<title[^>]{0,99}>([^<]{4,300})<", re.IGNORECASE)
_TAG = re.compile(r"<(script|style)\b.*?</\1|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_TITLE_END = re.compile(r"\s*[_|｜-]+\s*")


@dataclass(frozen=True, slots=True)
class Case:
    """A page and its gold text."""

    name: str
    forum: bool
    page: Page
    gold: str


class Score(NamedTuple):
    precision: float
    recall: float
    f1: float


# ---- pages ----


def read(folder: Path) -> list[Case]:
    """The pages of a folder that have gold text."""
    cases = []
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        stem = folder / row["set"] / row["id"]
        gold = stem.with_suffix(".gold.txt")
        if not gold.exists():
            continue
        plain = stem.with_suffix(".html")
        body = plain.read_bytes() if plain.exists() else gzip.decompress(stem.with_suffix(".html.gz").read_bytes())
        page = Page(row.get("url") or "", body, row.get("content_type", ""))
        cases.append(Case(f"{row['set']}/{row['id']}", "forum" in row["set"], page, gold.read_text(encoding="utf-8")))
    return cases


# ---- scores ----


def shingles(text: str) -> Counter[str]:
    """Runs of four characters, counted, white space removed."""
    text = squeeze(text)
    return Counter(text[start : start + 4] for start in range(len(text) - 3))


def score(text: str, gold: str) -> Score:
    """Precision, recall and F1 of a text against gold text that is not empty."""
    found, wanted = shingles(text), shingles(gold)
    both = (found & wanted).total()
    precision, recall = both / max(1, found.total()), both / max(1, wanted.total())
    return Score(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def furniture(cases: Sequence[Case], texts: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By kind, on how many pages it was left in, and how many pages have it around their gold text."""
    counts = {}
    for kind, pattern in FURNITURE.items():
        search = re.compile(pattern).search
        having = [n for n, case in enumerate(cases) if not search(case.gold) and search(visible(case))]
        counts[kind] = sum(bool(search(texts[n])) for n in having), len(having)
    lines = [title_line(case) for case in cases]
    having = [n for n, case in enumerate(cases) if lines[n] and lines[n] not in squeeze(case.gold)]
    counts["title line"] = sum(lines[n] in squeeze(texts[n]) for n in having), len(having)
    openings = [squeeze(case.gold)[:OPENING] for case in cases]
    lost = sum(opening not in squeeze(text) for opening, text in zip(openings, texts, strict=True))
    counts["opening lost"] = lost, len(cases)
    return counts


def squeeze(text: str) -> str:
    """A text without white space."""
    return _SPACE.sub("", text)


def title_line(case: Case) -> str:
    """The title of a page without the site's name, "" for none."""
    match = _TITLE.search(decode(case.page).html)
    title = squeeze(_TITLE_END.split(match[1])[0]) if match else ""
    return title if len(title) >= 4 else ""


def visible(case: Case) -> str:
    """A page without its tags."""
    return _TAG.sub(" ", decode(case.page).html)


# ---- extractors: raw bytes, or text decoded for them, to the main text; peers need not be installed ----


def ours() -> Callable[[Page], str]:
    """Chaffinch: decode, extract, clean."""
    rules, key = load_rules(), b"benchmark"

    def text(page: Page) -> str:
        article = extract(decode(page))
        return clean(article, rules, key).text if isinstance(article, Article) else ""

    return text


def ours_uncleaned() -> Callable[[Page], str]:
    """Chaffinch without cleaning, which no peer does: no repair, no contacts, no rules."""

    def text(page: Page) -> str:
        article = extract(decode(page))
        return (
            "\n".join(block.text for block in article.blocks if not block.hidden and not block.beside)
            if isinstance(article, Article)
            else ""
        )

    return text


def trafilatura() -> Callable[[str | bytes], str]:
    """trafilatura as it comes."""
    peer = import_module("trafilatura")
    return lambda html: peer.extract(html, include_comments=False) or ""


def trafilatura_precision() -> Callable[[str | bytes], str]:
    """trafilatura, favouring precision."""
    peer = import_module("trafilatura")
    return lambda html: peer.extract(html, include_comments=False, favor_precision=True) or ""


def readability() -> Callable[[str | bytes], str]:
    """readability-lxml, the text of its summary; it is given text, as releases before 0.9 cannot read bytes."""
    peer = import_module("readability")

    def text(html: str | bytes) -> str:
        decoded = html if isinstance(html, str) else decode(Page("", html)).html
        return str(fromstring(peer.Document(decoded).summary()).xpath("string()"))

    return text


def resiliparse() -> Callable[[str | bytes], str]:
    """resiliparse, with its own detection of the charset."""
    peer, encoding = import_module("resiliparse.extract.html2text"), import_module("resiliparse.parse.encoding")

    def text(html: str | bytes) -> str:
        decoded = encoding.bytes_to_str(html, encoding.detect_encoding(html)) if isinstance(html, bytes) else html
        return str(peer.extract_plain_text(decoded, main_content=True, comments=False))

    return text


OURS = (ours, ours_uncleaned)
PEERS = (trafilatura, trafilatura_precision, readability, resiliparse)


@dataclass(frozen=True, slots=True)
class Result:
    """What one extractor made of all pages."""

    texts: list[str]  # raw bytes in
    decoded: list[str]  # text in that was decoded for it; empty for ours
    seconds: float  # for all pages, raw bytes in
    megabytes: float  # beyond what the process had before the first page


def measured(make: Callable[[], Callable[[Any], str]], cases: Sequence[Case]) -> Result:
    """What an extractor makes of all pages, in a process of its own."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_measure, args=(make, cases, sender))
    process.start()
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError:
        raise ImportError(make.__name__) from None
    finally:
        process.join()
    return result


def _measure(make: Callable[[], Callable[[Any], str]], cases: Sequence[Case], sender: Any) -> None:
    logging.disable()  # peers write every page that they find empty
    extractor = make()
    mine = make in OURS
    inputs = [case.page if mine else case.page.body for case in cases]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    texts = [_text(extractor, page) for page in inputs]
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for page in inputs:
            _text(extractor, page)
        seconds.append(time.process_time() - start)
    decoded = [] if mine else [_text(extractor, decode(case.page).html) for case in cases]
    sender.send(Result(texts, decoded, min(seconds), megabytes))


def _text(extractor: Callable[[Any], str], page: Any) -> str:
    """The text of a page, "" where the extractor raises: some do on pages that they find empty."""
    try:
        return extractor(page)
    except Exception:
        return ""


# ---- the command ----


def compare(cases: Sequence[Case]) -> None:
    """Prints the table of all extractors."""
    articles = [n for n, case in enumerate(cases) if not case.forum]
    threads = [n for n, case in enumerate(cases) if case.forum]
    print(f"{len(articles)} articles, {len(threads)} forum threads")
    print(f"{'':22s} precision recall    F1  median decoded misses  forum  pages/s     MB")
    left: dict[str, dict[str, tuple[int, int]]] = {}
    for make in (*OURS, *PEERS):
        try:
            result = measured(make, cases)
        except ImportError:
            print(f"{make.__name__:22s} is not installed")
            continue
        scores = [score(text, case.gold) for text, case in zip(result.texts, cases, strict=True)]
        mean = Score(*(statistics.fmean(scores[n][i] for n in articles) for i in range(3)))
        again = [score(text, case.gold).f1 for text, case in zip(result.decoded, cases, strict=bool(result.decoded))]
        decoded = f"{statistics.fmean(again[n] for n in articles):.3f}" if again else ""
        forum = f"{statistics.fmean(scores[n].f1 for n in threads):.3f}" if threads else ""
        print(
            f"{make.__name__:22s} {mean.precision:9.3f} {mean.recall:6.3f} {mean.f1:5.3f}"
            f" {statistics.median(scores[n].f1 for n in articles):7.3f} {decoded:>7s}"
            f" {sum(scores[n].f1 < MISS for n in articles):6d} {forum:>6s}"
            f" {len(cases) / result.seconds:8.0f} {result.megabytes:6.0f}",
            flush=True,
        )
        left[make.__name__] = furniture([cases[n] for n in articles], [result.texts[n] for n in articles])
    print("\nArticles on which it was left in, of those that have it around their text:")
    kinds = list(left["ours"])
    print(" " * 22 + "".join(f"{kind:>14s}" for kind in kinds))
    for name, counts in left.items():
        print(f"{name:22s}" + "".join(f"{f'{counts[kind][0]}/{counts[kind][1]}':>14s}" for kind in kinds))


def check(cases: Sequence[Case]) -> int:
    """Compares our quality with the floors; 1 below one."""
    table = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    floors = table["extract"]
    extractor = ours()
    texts = [extractor(case.page) for case in cases]
    found = [score(text, case.gold).f1 for text, case in zip(texts, cases, strict=True)]
    f1, misses = statistics.fmean(found), sum(value < MISS for value in found)
    left = sum(count for count, _ in furniture(cases, texts).values())
    failed = f1 < floors["f1"] or misses > floors["misses"] or left > floors["left_in"]
    print(
        f"{len(cases)} pages: F1 {f1:.4f} (floor {floors['f1']}), misses {misses} (at most {floors['misses']}),"
        f" furniture left in and openings lost {left} (at most {floors['left_in']})"
    )
    if failed:
        for case, value in zip(cases, found, strict=True):
            if value < floors["f1"]:
                print(f"  {case.name} {value:.3f}")
        print("TOO LOW")
    from benchmarks import kinds  # which needs this module

    return int(failed) | kinds.check(table["extract_kept"])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=OWN)
    parser.add_argument("--check", action="store_true", help="ours against the floors")
    parser.add_argument("--rendered", action="store_true", help="rendered pages by kind")
    arguments = parser.parse_args()
    if arguments.rendered:
        from benchmarks import kinds  # which needs this module

        kinds.compare()
        return 0
    try:
        cases = read(arguments.folder)
    except OSError as error:
        parser.error(str(error))
    if arguments.check:
        return check(cases)
    compare(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main())
