"""Bodies in chunks and codings become what they were, whatever their header says of them."""

from __future__ import annotations

import gzip
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.transfer import NotReadableError, TooLargeError, decoded, joined

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "收到短信以后先核对金额，再和银行客服确认账单。".encode() * 40
LIMIT = 1_000_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "X-Gzip": gzip.compress,
    "deflate": zlib.compress,
    " deflate ": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}


@given(st.binary(max_size=3_000), st.lists(st.sampled_from(sorted(PACKERS)), max_size=4))
def test_any_list_of_codings_is_undone_from_the_last_to_the_first(body: bytes, codings: list[str]) -> None:
    sent = body
    for coding in codings:
        sent = PACKERS[coding](sent)
    plain = decoded(sent, ",".join(codings), LIMIT)
    assert (plain.body, plain.fault) == (body, "")


def test_of_more_codings_than_curl_undoes_none_is_undone() -> None:
    sent = brotli.compress(TEXT)
    for _ in range(5):
        sent = brotli.compress(sent)
    with pytest.raises(NotReadableError, match="6 codings"):
        decoded(sent, ",".join(["br"] * 6), LIMIT)


@pytest.mark.parametrize(
    "coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "utf-8", "none", "chunked", "gzip, br", ""]
)
def test_a_plain_text_is_itself_whatever_it_says(coding: str) -> None:
    plain = decoded(TEXT, coding, LIMIT)
    assert (plain.body, plain.fault) == (TEXT, "")


@pytest.mark.parametrize(
    ("sent", "says"), [("gzip", "deflate"), ("gzip", "gzip, br"), ("zstd", "gzip"), ("gzip", "zstd")]
)
def test_a_body_in_another_coding_than_it_says_is_read_by_its_first_bytes(sent: str, says: str) -> None:
    plain = decoded(PACKERS[sent](TEXT), says, LIMIT)
    assert (plain.body, plain.fault) == (TEXT, "")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_of_a_body_that_breaks_off_what_came_is_taken(coding: str) -> None:
    body = random.Random(0).randbytes(300_000) + TEXT  # of a block that is not whole zstd gives nothing
    packed = PACKERS[coding](body)
    plain = decoded(packed[:-4], coding, LIMIT)
    assert plain.fault == "cut off" and len(plain.body) > 200 and body.startswith(plain.body)


def test_of_a_damaged_body_what_stands_before_the_damage_is_taken() -> None:
    body = bytes(range(256)) * 2_000
    packed = bytearray(zlib.compress(body, 0))
    packed[100_000:100_020] = bytes(20)
    packed[-3:] = b"xyz"
    plain = decoded(bytes(packed), "deflate", LIMIT)
    assert plain.fault == "damaged" and plain.body[:65_000] == body[:65_000]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, sdch", "a,b,c,d,e,f"])
def test_what_cannot_be_undone_is_told_and_not_taken_for_text(coding: str) -> None:
    with pytest.raises(NotReadableError, match="sent "):
        decoded(b"\x02\x05\x00\xff" * 900, coding, LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_given_up_at_the_limit(coding: str) -> None:
    bomb = PACKERS[coding](bytes(20_000_000))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decoded(bomb, coding, LIMIT)
    assert tracemalloc.get_traced_memory()[1] < 12_000_000
    tracemalloc.stop()


def test_a_zstd_window_beyond_the_webs_is_refused() -> None:
    options = {int(zstd.CompressionParameter.window_log): 27, int(zstd.CompressionParameter.content_size_flag): 0}
    packer = zstd.ZstdCompressor(options=options)
    body = packer.compress(bytes(range(256)) * 99) + packer.flush()
    with pytest.raises(NotReadableError):
        decoded(body, "zstd", LIMIT)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.booleans())
def test_chunks_are_joined(chunks: list[bytes], extended: bool) -> None:
    more = b";name=value" if extended else b""
    sent = b"".join(b"%X%s\r\n%s\r\n" % (len(chunk), more, chunk) for chunk in chunks)
    whole = joined(sent + b"0\r\nTrailer: x\r\n\r\n")
    assert (whole.body, whole.fault) == (b"".join(chunks), "")
    if chunks:
        torn = joined(sent[:-3])
        assert torn.fault == "cut off" and b"".join(chunks)[:-1] == torn.body[: len(b"".join(chunks)) - 1]


def test_what_is_in_no_chunks_is_itself() -> None:
    assert joined(b"<html>abc").body == b"<html>abc"
    assert joined(b"FFFFFFFF\r\nabc") == joined(b"3;x\r\nabc"[:8]) or joined(b"FFFFFFFF\r\nabc").body == b"abc"
