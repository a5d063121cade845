"""Local input for `ingest` and `clean`: files, folders and archives, read lazily as one stream of documents."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from chaffinch.page.kept import folders, jsonl, wacz, warc_pages
from chaffinch.page.kept.documents import MAX_DOCUMENT_BYTES, Found, too_large
from chaffinch.page.kept.documents import BadInput as BadInput
from chaffinch.page.kept.documents import Input as Input
from chaffinch.page.kept.gunzip import Gunzip

HTML_TYPES = wacz.HTML_TYPES
KINDS = (".html", ".htm", ".txt", ".jsonl", ".warc", ".wacz")
ARC = ".arc"  # known, and not read
ENCRYPTED = 0x1  # general purpose flag of a zip file's member (layout: APPNOTE.TXT, 4.4.4)

Watch = Callable[[IO[bytes] | None], None]


def read(paths: Sequence[str], watch: Watch = lambda stream: None) -> Found:
    """Every document of `paths` in a fixed order: folders sorted, archives and JSONL files from top to bottom.

    Nothing is read ahead, and of a folder only the names in the directories on the way are held. `watch` is
    called with each file that holds many documents when it is opened, and with None when it is done.
    """
    names: dict[str, str] = {}
    for given in paths:
        name = os.path.basename(os.path.abspath(given))  # noqa: PTH100, PTH119 - resolve() would follow the link away
        if not os.path.lexists(given):
            yield BadInput(given, "no such file or folder", whole=True)
        elif names.setdefault(name, given) != given:
            yield BadInput(given, f"has the same name as {names[name]}; give the folder that holds both", whole=True)
        elif Path(given).is_dir():
            for found in folders.files(given, name, lambda path: _kind(path) is not None):
                if isinstance(found, BadInput):
                    yield found
                else:
                    yield from _read_file(*found, watch)
        elif _kind(given) is None:
            yield BadInput(given, f"not a kind of input ({', '.join(KINDS)}, .gz of these but .wacz)", whole=True)
        else:
            yield from _read_file(given, name, watch)


def _kind(name: str) -> str | None:
    plain = name.lower().removesuffix(".gz")
    kind = next((kind for kind in (*KINDS, ARC) if plain.endswith(kind)), None)
    return None if kind == ".wacz" and name.lower().endswith(".gz") else kind


def read_at(path: str, places: Sequence[warc_pages.Place]) -> Found:
    """The documents of the records of a WARC that begin at `places`."""
    return _guarded(path, lambda raw: warc_pages.pages_at(path, raw, places))


def _read_file(path: str, name: str, watch: Watch) -> Found:
    try:
        yield from _guarded(path, lambda raw: _documents(path, jsonl.visible(name), raw, watch))
    finally:
        watch(None)


def _guarded(path: str, documents: Callable[[IO[bytes]], Found]) -> Found:
    """The documents of one file. Whatever reading it raises costs what is left of it, and is told."""
    try:
        if reason := folders.why_no_file(path):
            yield BadInput(path, reason, whole=True)
            return
        with Path(path).open("rb") as raw:
            yield from documents(raw)
    except zipfile.BadZipFile:
        yield BadInput(path, "not an archive of its kind, or damaged", whole=True)
    except OSError as error:
        yield BadInput(path, error.strerror or str(error), whole=True)
    except Exception as error:
        yield BadInput(path, f"{type(error).__name__} while it was read", whole=True)


def _documents(path: str, name: str, raw: IO[bytes], watch: Watch) -> Found:
    kind = _kind(path)
    if kind == ARC:
        yield BadInput(path, warc_pages.ARC, whole=True)
    elif kind == ".wacz":
        yield from _read_wacz(path, raw, watch)
    elif kind == ".warc":
        watch(raw)
        yield from warc_pages.pages(path, path, raw)
    else:
        stream = io.BufferedReader(Gunzip(raw)) if path.lower().endswith(".gz") else raw
        if kind == ".jsonl":
            watch(raw)
            yield from jsonl.documents(path, name, stream)
        else:
            yield from _read_document(path, name, kind, stream)
        if _torn(stream):
            yield BadInput(path, "torn: the compressed data ends early or is damaged", whole=True)


def _torn(stream: object) -> bool:
    """Whether what was read last may be only a part of what it was."""
    raw = getattr(stream, "raw", None)
    return isinstance(raw, Gunzip) and raw.torn


def _read_document(path: str, name: str, kind: str | None, stream: IO[bytes]) -> Found:
    body = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(body) > MAX_DOCUMENT_BYTES:
        yield BadInput(path, too_large(), whole=True)
    elif _torn(stream):
        return
    elif not body.strip():
        yield BadInput(path, "empty", whole=True)
    else:
        yield Input(path, f"file:{name}", body, "text" if kind == ".txt" else "html")


def _read_wacz(path: str, raw: IO[bytes], watch: Watch) -> Found:
    """The documents of the WARCs in a zip file; one that cannot be unzipped costs what is left of it."""
    with zipfile.ZipFile(raw) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith((".warc", ".warc.gz"))]
        if not members:
            yield BadInput(path, "no WARC in this archive", whole=True)
        watch(raw)
        for member in sorted(members, key=lambda info: info.filename):
            try:
                with archive.open(member) as stream:
                    yield from warc_pages.pages(path, member.filename, stream)
            except Exception as error:  # of four modules, by what is wrong where
                why = "it is encrypted" if member.flag_bits & ENCRYPTED else str(error) or type(error).__name__
                yield BadInput(path, f"{member.filename[:200]} in it cannot be unzipped: {why[:100]}", whole=True)
