"""How far a site is followed that shows itself only to who brings back a cookie."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.http import Response

from chaffinch.spiders.middlewares.cookies import CookieMiddleware

SITE = "http://a.example"


def middleware() -> CookieMiddleware:
    return CookieMiddleware(SimpleNamespace(spider=None))  # type: ignore[arg-type]


def answer(request: Request, *cookies: str, status: int = 200, to: str = "", body: bytes = b"") -> Response:
    headers = {"Set-Cookie": list(cookies)} | ({"Location": [to]} if to else {})
    return Response(request.url, status=status, headers=headers, body=body, request=request)


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        ([f"c{number}=1" for number in range(40)], 40),  # a shop with all its counters
        (["a=1", "b=" + "x" * 3_000], 2),
        (["a=1", "b=" + "x" * 6_000], 1),  # no browser takes it
    ],
)
def test_cookies_that_a_browser_keeps_are_kept(cookies: list[str], kept: int) -> None:
    jars, request = middleware(), Request(f"{SITE}/")
    jars.process_response(request, answer(request, *cookies))
    assert len(jars.jars["a.example"].cookies) == kept


def test_a_site_that_sets_another_cookie_at_each_page_has_a_bounded_jar() -> None:
    jars = middleware()
    for number in range(90):
        request = Request(f"{SITE}/{number}.html")
        jars.process_response(request, answer(request, f"c{number}=1"))
    assert len(jars.jars["a.example"].cookies) < 90


def test_a_site_that_refuses_whatever_is_brought_back_is_asked_twice_for_a_handful_of_pages() -> None:
    jars, twice = middleware(), 0
    for number in range(30):
        request = Request(f"{SITE}/{number}.html")
        again = jars.process_response(request, answer(request, "seen=1", status=403))
        if isinstance(again, Request):
            twice += 1
            assert isinstance(jars.process_response(again, answer(again, status=403)), Response)
    assert 3 <= twice <= 8


@pytest.mark.parametrize(("gates", "reached"), [(2, True), (4, False)])
def test_a_page_behind_a_gate_and_another_is_reached_and_one_behind_ever_more_is_not(gates: int, reached: bool) -> None:
    """Each gate sends on to the next, the last one back to the page; all set a cookie."""
    jars, asked = middleware(), Request(f"{SITE}/a.html")
    following: Request | Response = jars.process_response(
        asked, answer(asked, "seen=0", status=302, to=f"{SITE}/gate/1")
    )
    for number in range(gates + 1):
        if isinstance(following, Request):
            to = f"{SITE}/gate/{number + 1}" if number < gates else asked.url
            following = jars.process_response(following, answer(following, f"seen={number}", status=302, to=to))
    if isinstance(following, Request):
        following = jars.process_response(following, answer(following, body=b"<p>article</p>"))
    assert isinstance(following, Response) and (following.body == b"<p>article</p>") is reached


@pytest.mark.parametrize(("size", "asked_again"), [(3_000, True), (8_000, False)])
def test_a_page_that_says_something_and_reloads_itself_is_a_page(size: int, asked_again: bool) -> None:
    request = Request(f"{SITE}/a.html")
    body = b'<meta http-equiv="refresh" content="0;url=/a.html"><p>' + b"x" * (size - 60)
    found = middleware().process_response(request, answer(request, "seen=1", body=body))
    assert isinstance(found, Request) is asked_again


REFRESH = b"<html><head><meta http-equiv=refresh content=%b></head>wait</html>"
RELOAD = b"<!DOCTYPE html><html><body><script>%b</script></body></html>"


@pytest.mark.parametrize(
    ("body", "asked_again"),
    [
        (REFRESH % b"0", True),  # of the page itself, as it names no address (HTML, shared declarative refresh)
        (REFRESH % b"'1;'", True),
        (REFRESH % b"300", False),  # it is loaded anew every five minutes
        (RELOAD % b"window.location.reload();", True),
        (RELOAD % b"location.reload(true)", True),
        (RELOAD % b"document.cookie='v='+f(3);location.reload()", False),  # what it computes is not brought
        (RELOAD % b"if(top!=self)location.reload()", False),
        (b"<a href=/a/1.html>1</a>" + RELOAD % b"location.reload()", False),
        (b"", False),
    ],
)
def test_a_page_that_only_loads_itself_again_is_asked_for_with_its_cookie(body: bytes, asked_again: bool) -> None:
    request = Request(f"{SITE}/a.html")
    found = middleware().process_response(request, answer(request, "seen=1", body=body))
    assert isinstance(found, Request) is asked_again


def test_pages_that_are_under_way_before_the_first_is_let_in_are_let_in_too() -> None:
    jars, again = middleware(), []
    for number in range(8):
        request = Request(f"{SITE}/{number}.html")
        again.append(jars.process_response(request, answer(request, "seen=1", status=302, to=request.url)))
    for one in again:
        assert isinstance(one, Request)
        assert isinstance(jars.process_response(one, answer(one, body=b"<p>article</p>")), Response)
