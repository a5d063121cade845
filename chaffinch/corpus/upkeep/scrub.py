"""Names of the forgotten where they stand among other words: in manifests, in reasons, in the log beside the corpus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from chaffinch.corpus.connect import real

FORGOTTEN = "forgotten"  # what stands where a name was
CUT = 200  # characters of a URL that a reason holds (source: what spiders/farm.py cuts reasons to)


def words_of(name: str) -> re.Pattern[str]:
    """What finds `name`, a URL, a site or a `file:` name, as a word of its own: not `a.example/1` in `a.example/12`.

    A site is found with all of its URLs, a local document's name at the end of a path too. Takes linear time.
    """
    if name.startswith("file:"):
        file = re.escape(name.removeprefix("file:"))
        return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w#-]|[.]\w)|(?<![^/\\]){file}\Z")
    if "://" in name:
        cut = rf"|(?<![\w.-]){re.escape(name[:CUT])}(?=\s|\Z)" if len(name) > CUT else ""
        return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w/?&=%#-]|[.:]\w){cut}")
    return re.compile(
        rf"(?<![\w.-])(?:https?://)?(?:www\.)?{re.escape(name)}(?![\w-]|[.:]\w)(?:[/?][^\s\"'<>，。；]*)?"
    )


def core(name: str) -> str:
    """What stands in every text that `words_of(name)` finds something in."""
    return name[:CUT].removeprefix("file:")


def scrub_tables(db: Database, name: str) -> None:
    """Takes `name` out of the manifests of runs and of the reasons of pages."""
    words = words_of(name)
    for id, settings, stats in db.conn.execute("SELECT id, settings, stats FROM crawls").fetchall():
        clean = [
            json.dumps(_scrubbed(json.loads(value), words), ensure_ascii=False, sort_keys=True)
            for value in (settings, stats)
        ]
        if clean != [settings, stats]:
            db.conn.execute("UPDATE crawls SET settings = ?, stats = ? WHERE id = ?", (*clean, id))
    query = "SELECT id, reason FROM pages WHERE reason IS NOT NULL AND instr(reason, ?)"
    for id, reason in db.conn.execute(query, (core(name),)).fetchall():
        db.conn.execute("UPDATE pages SET reason = ? WHERE id = ?", (words.sub(FORGOTTEN, reason), id))


def _scrubbed(value: Any, words: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return words.sub(FORGOTTEN, value)
    if isinstance(value, list):
        return [_scrubbed(item, words) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(key, words): _scrubbed(item, words) for key, item in value.items()}
    return value


def scrub_logs(corpus: Path, name: str) -> int:
    """Takes `name` out of `corpus.db.log` and the older ones beside it; returns how many lines held it.

    A file is replaced as a whole, so that a kill leaves the old one or the new one.
    """
    words, raw, lines = words_of(name), core(name).encode("utf-8", "replace"), 0
    corpus = real(corpus)
    for log in sorted(one for one in corpus.parent.iterdir() if _is_log(one, corpus)):
        old = log.read_bytes()
        if raw not in old:
            continue
        was = old.decode("utf-8", "replace").split("\n")
        now = [words.sub(FORGOTTEN, line) for line in was]
        lines += sum(a != b for a, b in zip(was, now, strict=True))
        new = log.with_name(f"{log.name}.new")
        new.write_text("\n".join(now), encoding="utf-8")
        new.chmod(log.stat().st_mode & 0o777)
        new.replace(log)
    return lines


def _is_log(file: Path, corpus: Path) -> bool:
    return re.fullmatch(rf"{re.escape(corpus.name)}\.log(\.\d+)?", file.name) is not None and file.is_file()
