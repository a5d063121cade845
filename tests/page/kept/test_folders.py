"""Folders hold more than files: nothing in them is waited for, followed for ever, or too deep."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from chaffinch.page.kept.files import BadInput, Input, read

TEXT = "收到短信以后先核对金额。"


def told(path: Path) -> tuple[list[str], dict[str, str]]:
    """URLs, and what was told by the name of the file."""
    both = list(read([os.fspath(path)]))
    bad = {Path(one.path).name: one.reason for one in both if isinstance(one, BadInput)}
    return [one.url for one in both if isinstance(one, Input)], bad


def test_what_is_no_file_is_passed_over_with_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "z.txt").write_text(TEXT)
    os.mkfifo(folder / "a.html")
    os.mkfifo(folder / "ignored")
    (folder / "b.html").symlink_to(folder / "b.html")
    (folder / "c.txt").symlink_to("nowhere")
    (folder / "d.txt").symlink_to("/dev/zero")
    (folder / "e").symlink_to(folder)
    (folder / "f.jsonl").symlink_to(folder / "sub")
    (folder / "g.txt").symlink_to(folder / "sub" / "z.txt")
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(os.path.relpath(folder / "h.warc"))
        urls, bad = told(folder)
    assert urls == ["file:pages/g.txt", "file:pages/sub/z.txt"]
    assert bad.keys() == {"a.html", "b.html", "c.txt", "d.txt", "e", "f.jsonl", "h.warc"}
    assert (bad["a.html"], bad["d.txt"], bad["h.warc"]) == (
        "a pipe, not a file",
        "a device, not a file",
        "a socket, not a file",
    )
    assert (
        "levels of symbolic links" in bad["b.html"] and bad["e"] == bad["f.jsonl"] == "a link to a folder, not followed"
    )
    for name in ("a.html", "b.html", "d.txt"):  # named by themselves they are no other
        assert told(folder / name) == ([], {name: bad[name]})


def test_a_folder_may_be_deep(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for depth in range(1_100):
            Path("d").mkdir()
            if depth in (0, 1_050):
                Path("x.txt").write_text(TEXT)
            os.chdir("d")
    finally:
        os.chdir(here)
    urls, _ = told(tmp_path)
    assert len(urls) == 2 and urls[0].count("/d") == 1_050
    remove_deep(tmp_path)


def remove_deep(folder: Path) -> None:
    """shutil.rmtree recurses."""
    here, depth = Path.cwd(), 0
    os.chdir(folder)
    while Path("d").is_dir():
        os.chdir("d")
        depth += 1
    for _ in range(depth):
        os.chdir("..")
        Path("d/x.txt").unlink(missing_ok=True)
        Path("d").rmdir()
    os.chdir(here)


@pytest.mark.parametrize("name", [b"\xc4\xe3\xba\xc3.txt", b"\xff.txt", "逾期\x1b[2J.txt".encode()])
def test_a_name_that_is_no_text_becomes_one(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text(TEXT)
    for given, before in ((tmp_path, f"file:{tmp_path.name}/"), (path, "file:")):
        (url,), bad = told(given)
        assert not bad and url.startswith(before) and url.endswith(".txt") and url.isprintable()
        assert "%" in url and url.encode()
