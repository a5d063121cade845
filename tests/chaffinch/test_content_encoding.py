"""Bodies whose Content-Encoding is not what it says: as browsers read them."""

from __future__ import annotations

import gzip
import sys
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.content_encoding import TooLargeError, UnknownCodingError, decoded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = ("<meta charset=utf-8><p>" + "逾期之后先核对账单,再协商还款。" * 200).encode()
PACKED = gzip.compress(PAGE)
LIMIT = 1_000_000


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (PACKED, ["gzip"]),
        (PACKED, ["x-gzip"]),
        (PACKED, ["GZIP , utf-8"]),
        (PACKED, ["deflate"]),  # another coding than it says
        (gzip.compress(PAGE[:50]) + gzip.compress(PAGE[50:]), ["gzip"]),
        (PAGE, ["gzip"]),
        (PAGE, ["br"]),
        (PAGE, ["zstd, deflate"]),
        (PAGE, ["utf-8"]),
        (PAGE, ["none", "text/html"]),
        (zlib.compress(PAGE), ["deflate"]),
        (zlib.compress(PAGE, wbits=-15), ["deflate"]),
        (brotli.compress(PAGE), ["br"]),
        (zstd.compress(PAGE), ["zstd"]),
        (brotli.compress(PACKED), ["gzip, br"]),
        (brotli.compress(PACKED), ["gzip", "br"]),
    ],
)
def test_a_body_is_read_whatever_its_header_says(body: bytes, codings: list[str]) -> None:
    assert decoded(body, codings, LIMIT) == (PAGE, False)


@pytest.mark.parametrize(
    ("body", "coding"), [(PACKED, "gzip"), (zlib.compress(PAGE), "deflate"), (zstd.compress(PAGE), "zstd")]
)
def test_a_torn_body_is_read_up_to_the_tear(body: bytes, coding: str) -> None:
    for cut in (2, 10):
        text, torn = decoded(body[:-cut], [coding], LIMIT)
        assert torn and PAGE.startswith(text)
    assert len(decoded(PACKED[:-10], ["gzip"], LIMIT)[0]) > 0.9 * len(PAGE)


@pytest.mark.parametrize(
    ("pack", "coding"),
    [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (brotli.compress, "br"), (zstd.compress, "zstd")],
)
def test_a_bomb_is_stopped_at_the_limit(pack: object, coding: str) -> None:
    body = pack(b"\0" * (LIMIT + 1))  # type: ignore[operator]
    with pytest.raises(TooLargeError, match="larger than 1,000,000 bytes"):
        decoded(body, [coding], LIMIT)


def test_what_is_not_even_text_is_named() -> None:
    with pytest.raises(UnknownCodingError, match="Content-Encoding sdch is not known"):
        decoded(b"\x01\x02\x03" * 10, ["sdch"], LIMIT)


@given(st.binary(max_size=200), st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd", "x"]), max_size=3))
def test_any_bytes_are_read_or_refused(junk: bytes, codings: list[str]) -> None:
    for body in (junk, PACKED[:20] + junk):
        try:
            assert isinstance(decoded(body, codings, LIMIT)[0], bytes)
        except UnknownCodingError:
            assert "x" in codings
