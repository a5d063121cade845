"""JSON lines: what a line says of its document is checked, and what is wrong costs that alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.kept.files import BadInput, Input, read


def split(path: Path, *records: object) -> tuple[list[Input], list[BadInput]]:
    lines = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)
    path.write_bytes(b"\n".join(lines))
    both = list(read([str(path)]))
    return [one for one in both if isinstance(one, Input)], [one for one in both if isinstance(one, BadInput)]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("id", "a\ud800b", "file:x.jsonl#a%ED%A0%80b"),
        ("id", "行\n\x1b[31m", "file:x.jsonl#行%0A%1B[31m"),
        ("id", 7, "file:x.jsonl#7"),
        ("id", "a" * 400, f"file:x.jsonl#{'a' * 400}"),
        ("url", "http://a.example/逾期?x=\ud83d", "file:x.jsonl#1"),
        ("url", "file:pages/a.txt", "file:pages/a.txt"),
        ("title", "标\udfff题", "标?题"),
        ("published", "2024年1月2日", "2024-01-02"),
        ("published", "20240102", "2024-01-02"),
        ("published", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00"),
        ("published", "Tue, 02 Jan 2024 03:04:05 +0800", "2024-01-02T03:04:05+08:00"),
    ],
)
def test_what_a_line_says_is_brought_into_form(tmp_path: Path, field: str, value: object, expected: str) -> None:
    (found,), bad = split(tmp_path / "x.jsonl", {"text": "逾期", field: value})
    assert {"id": found.url, "url": found.url, "title": found.title, "published": found.published}[field] == expected
    assert not bad or expected == "file:x.jsonl#1"
    "".join((found.url, found.title or "", found.published or "")).encode()  # can be stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", value) for value in (True, [1], {"a": 1}, "x" * 501)),
        *(("url", value) for value in ("/a", "ftp://a.example/", "javascript:alert(1)", 5, "http://" + "a" * 3_000)),
        *(("title", value) for value in ("x" * 1_001, 5, ["x"])),
        *(("published", value) for value in ("\ud800", "gestern", 20240102, "9999-01-01", "2024-13-41", "1" * 5_000)),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_and_left_out(tmp_path: Path, field: str, value: object) -> None:
    (found, other), (bad,) = split(tmp_path / "x.jsonl", {"text": "逾期", field: value}, {"text": "还款"})
    assert (found.url, found.title, found.published) == ("file:x.jsonl#1", None, None) and other.body.decode() == "还款"
    assert bad.kept and bad.reason.startswith(f"line 1: its {field} is no ") and len(bad.reason) < 200


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "' + b"[" * 2_000_000 + b'"}',
        b"[" * 100_000,
        b'{"text": "x", "n": ' + b"1" * 9_999 + b"}",
        b"\xff\xfe{",
        "{“text”: “x”}".encode(),
        b'{"text": "a\nb"}',
    ],
)
def test_a_line_that_is_none_costs_itself(tmp_path: Path, line: bytes) -> None:
    found, bad = split(tmp_path / "x.jsonl", {"text": "逾期"}, line, {"text": "还款"})
    assert [one.body.decode() for one in found] == ["逾期", "还款"]
    assert bad and all("JSON" in one.reason for one in bad)


ANY: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)), st.lists
)


@given(st.dictionaries(st.sampled_from("id url title published text html other".split()), ANY))
def test_whatever_a_record_holds_can_be_stored(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any]
) -> None:
    found, _ = split(tmp_path_factory.getbasetemp() / "any.jsonl", record, {"text": "x"})
    assert 1 <= len(found) <= 2
    for one in found:
        "".join((one.url, one.title or "", one.published or "")).encode()
        assert len(one.url) < 2_100 and len(one.title or "") <= 1_000
