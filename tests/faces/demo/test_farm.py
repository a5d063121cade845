"""The demo farm is what it claims to be; what it is for is tested elsewhere."""

import re
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.faces.demo.disguise import EDITS, ZERO_WIDTH, annotate
from chaffinch.faces.demo.farm import OFF_TOPIC, Resource, Site, Truth, base_articles, build
from chaffinch.faces.demo.server import Request, serve

FARM = build(100)
SITES = {site.name: site for site in FARM.sites}
CODECS = {
    "yuqi": "gbk",
    "fawu": "utf-8",
    "zhaiwu": "utf-8",
    "xinyong": "gbk",
    "kepu": "utf-8",
    "luntan": "cp950",
}


def articles(site: Site) -> dict[str, tuple[Resource, Truth]]:
    return {path: (page, page.truth) for path, page in site.pages.items() if page.truth}


def words(site: Site, page: Resource) -> str:
    """The page's text, without mark-up or indentation."""
    html = page.body.decode(CODECS[site.name])
    return unescape(re.sub(r"<[^>]*>", "", html)).replace("\u3000\u3000", "")


@pytest.mark.parametrize("count", [100, 240])
def test_as_many_articles_as_asked_for_most_of_them_copies_and_always_the_same(count: int) -> None:
    farm = build(count)
    truths = [truth for site in farm.sites for _, truth in articles(site).values()]
    on_topic = [truth.original for truth in truths if not truth.original.startswith(OFF_TOPIC)]
    alone = [original for original in on_topic if on_topic.count(original) == 1]
    assert len(on_topic) == count
    assert len(truths) > count
    assert all(len(articles(site)) > count / 10 for site in farm.sites)
    assert 5 <= len(alone) <= 8  # of the 28 that are there to be copied, some are not
    assert farm == build(count)


def test_too_few_articles_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least"):
        build(3)


def test_base_articles_are_long_enough_and_share_no_paragraph() -> None:
    base = base_articles()
    on_topic = {name: text for name, text in base.items() if not name.startswith(OFF_TOPIC)}
    assert len(on_topic) >= 26
    assert len(base) - len(on_topic) == 6
    for text in on_topic.values():
        assert 560 <= len("".join(text.lines)) <= 1500
    paragraphs = [line for text in base.values() for line in text.lines if len(line) > 25]
    assert len(set(paragraphs)) == len(paragraphs)


def test_gb2312_is_declared_and_is_not_enough() -> None:
    for name in ("yuqi", "xinyong"):
        for page, _ in articles(SITES[name]).values():
            assert b"charset=gb2312" in page.body
            page.body.decode("gb18030")
            with pytest.raises(UnicodeDecodeError):
                page.body.decode("gb2312")


def test_utf8_declares_gb2312_and_big5_is_big5() -> None:
    for page, _ in articles(SITES["zhaiwu"]).values():
        assert b"charset=gb2312" in page.body
        page.body.decode("utf-8")
        with pytest.raises(UnicodeDecodeError):
            page.body.decode("gb2312")
    for page, _ in articles(SITES["luntan"]).values():
        assert b"charset=big5" in page.body
        page.body.decode("cp950")
        with pytest.raises(UnicodeDecodeError):
            page.body.decode("utf-8")


@pytest.mark.parametrize("site", FARM.sites, ids=lambda site: site.name)
def test_every_article_is_reached_by_links_from_the_home_page(site: Site) -> None:
    seen, todo = {"/"}, ["/"]
    while todo:
        page = site.pages.get(todo.pop())
        if page is None or page.truth:  # articles link to one another: lists alone must do
            continue
        found = set(re.findall(r'href="(/[^"]*)"', page.body.decode(CODECS[site.name]))) - seen
        seen |= found
        todo += found
    assert articles(site).keys() <= seen


@pytest.mark.parametrize("site", FARM.sites, ids=lambda site: site.name)
def test_the_truth_is_on_the_page(site: Site) -> None:
    for page, truth in articles(site).values():
        shown = words(site, page)
        for mark in ZERO_WIDTH:
            shown = shown.replace(mark, "")
        lines = [truth.title, *truth.text.split("\n")]
        if site.name == "kepu":
            lines = [annotate(line) for line in lines]
        missing = [line for line in lines if line not in shown]
        assert len(missing) <= (site.name == "kepu")  # one line may have its bytes shifted
        if truth.published:
            year, month, day = truth.published.split("-")
            assert truth.published in shown or f"{year}年{month}月{day}日" in shown


def test_disguises_of_single_characters_are_there() -> None:
    kepu = "".join(words(SITES["kepu"], page) for page, _ in articles(SITES["kepu"]).values())
    assert "會(huì)" in kepu
    assert re.search(r"\?.{8,16}\?", kepu)
    zhaiwu = [words(SITES["zhaiwu"], page) for page, _ in articles(SITES["zhaiwu"]).values()]
    assert any("\u200b" in text for text in zhaiwu)
    assert not all("\u200b" in text for text in zhaiwu)


@settings(max_examples=25)
@given(st.sampled_from(sorted(EDITS)), st.sampled_from(sorted(base_articles())), st.randoms(use_true_random=False))
def test_an_edit_leaves_an_article(edit, name, random) -> None:  # type: ignore[no-untyped-def]
    before = base_articles()[name]
    after = EDITS[edit](before, random)
    assert all(line == line.strip() and line for line in after.lines)
    assert len("".join(after.lines)) > 0.5 * len("".join(before.lines))


def get(base: str, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask the server at loopback whatever the name in `base`."""
    port = urlsplit(base).port
    connection = HTTPConnection("127.0.0.1", port)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": urlsplit(base).netloc} | fields)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("ports", [False, True])
def test_the_server_answers_as_built(ports: bool) -> None:
    with serve(FARM, ports=ports) as serving:
        assert list(serving) == list(SITES)
        for name, site in SITES.items():
            path, (page, _) = next(iter(articles(site).items()))
            assert get(serving[name], path) == (
                200,
                {**page.headers, "Content-Length": str(len(page.body))},
                page.body,
            )
            assert get(serving[name], "/no/such/page")[0] == 404
        assert get(serving["fawu"], "/", method="HEAD")[2] == b""
        assert get(serving["fawu"], "/", method="POST")[0] == 405
        assert get(serving["xinyong"], "/e/broken.php")[0] == 500
        assert get(serving["zhaiwu"], "/post/99999.html")[0] == 200
        assert b"Disallow: /private/" in get(serving["zhaiwu"], "/robots.txt")[2]
        sitemap = get(serving["kepu"], "/sitemap.xml")[2].decode()
        assert set(re.findall("<loc>(.*?)</loc>", sitemap)) == {
            serving["kepu"] + path[1:] for path in articles(SITES["kepu"])
        }
        assert f"<link>{serving['fawu']}archives/" in get(serving["fawu"], "/feed/")[2].decode()
        assert Request("GET", "xinyong.localhost", "/e/broken.php", 500, False) in serving.requests


def test_what_has_not_changed_is_answered_304() -> None:
    with serve(FARM, ports=True) as serving:
        fields = get(serving["fawu"], "/")[1]
        status, again, body = get(serving["fawu"], "/", If_None_Match=fields["ETag"])
        assert (status, again["ETag"], body) == (304, fields["ETag"], b"")
        assert get(serving["fawu"], "/", If_None_Match='"other"')[0] == 200
        modified = get(serving["xinyong"], "/")[1]["Last-Modified"]
        assert get(serving["xinyong"], "/", If_Modified_Since=modified)[0] == 304
        assert get(serving["yuqi"], "/", If_Modified_Since=modified)[0] == 200
        assert [r.conditional for r in serving.requests].count(True) == 4


def test_one_connection_carries_many_requests_and_closing_does_not_wait_for_it() -> None:
    with serve(FARM, ports=True) as serving:
        connection = HTTPConnection("127.0.0.1", urlsplit(serving["yuqi"]).port)
        for path in list(SITES["yuqi"].pages)[:10]:
            connection.request("GET", path)
            connection.getresponse().read()
    assert len(serving.requests) == 10
    connection.close()
