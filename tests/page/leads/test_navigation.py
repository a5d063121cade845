"""What a page names without a link is taken when it stands there in so many words, and nothing else is."""

import time

import pytest

from chaffinch.items import Document
from chaffinch.page.leads.links import json_links, named_links
from chaffinch.page.leads.navigation import named, next_number, read_json
from chaffinch.page.parse import parse

URL = "http://a.example/news/"


def found(body: str, links: int = 1) -> list[str]:
    tree = parse(f"<html><body>{body}</body></html>")
    urls = named_links(Document(URL, body, "utf-8"), named(tree, body, links), tree)
    return [url.removeprefix("http://a.example") for url in urls]


GO = "<script>function go(n) { if (n) n = n; window.location.href = '/l_' + n + '.html'; }</script>"


def options(change: str, *values: str) -> str:
    return f'<select onchange="{change}">' + "".join(f"<option value={value}>x" for value in values) + "</select>"


@pytest.mark.parametrize(
    ("body", "urls"),
    [
        (options("", "list_1.html", "list_2.html"), "/news/list_1.html /news/list_2.html"),
        (options("location.href=this.value", "", "/p/2"), "/p/2"),
        (options("location='?page='+this.options[this.selectedIndex].value", "2"), "/news/?page=2"),
        (options("window.location.href='/list/'+this.value+'.html'", "7"), "/list/7.html"),
        (options("self.location.href='/l/'+options[selectedIndex].value", "3"), "/l/3"),
        (options("location=$(this).val()", "more/2/"), "/news/more/2/"),
        (options("", "2023", "red", "more/2/"), ""),
        ("<link rel=next href=/n/2><div data-href=/a/3.html>标题</div>", "/n/2 /a/3.html"),
        ("<li onclick=\"location.href='/a/0.html'\">t</li>", "/a/0.html"),
        ("<a href=\"javascript:go('/a/2.html')\">t</a>", "/a/2.html"),
        ('<a onclick="$.post(\'/like/1.html\')" href="javascript:;">t</a><img data-url=/x/y.jpg>', ""),
        ("<a rel=nofollow onclick=\"go('/a/1.html')\">t</a>", ""),
        ("<div onclick=\"window.open('http://b.example/1.html')\">t</div>", ""),
        ('<button class=load-more data-url="/api/list?page=2">加载更多</button>', "/api/list?page=2"),
        ("<script>function more(){$.getJSON('/api/list?page='+page, show)}</script>", "/api/list?page=1"),
        ("<script>fetch(`/api/list.json?p=${p}`).then(show)</script>", "/api/list.json?p=1"),
        ("<button data-api=/api/list data-page=2>加载更多</button>", "/api/list?page=2"),
        ("<script>$.getJSON('/ajax/more', {page: n}, show)</script>", "/ajax/more?page=1"),
        ("<script>fetch('/api/add?page=1', {method: 'POST'})</script>", ""),
        ('<script>$.ajax({type: "POST", url: "/api/like?page=1"})</script>', ""),
        ("<script>window.location.href='/elsewhere/'</script>", ""),
        (f"{GO}<a href='javascript:go(2)'>2</a><b onclick=\"go('3')\">3</b>", "/l_2.html /l_3.html"),
        (GO + options("go(this.value)", "4"), "/l_4.html"),
        (f"{GO}<a href='javascript:stop(2)'>2</a>", ""),
    ],
)
def test_addresses_in_so_many_words(body: str, urls: str) -> None:
    assert found(body) == urls.split()


def test_a_page_without_a_link_leads_where_its_script_says() -> None:
    assert found('<script>window.location.href = "/home/";</script>', links=0) == ["/home/"]


def test_links_of_which_no_address_is_known_are_named() -> None:
    titles = "".join(f'<a href="javascript:show({n})">信用卡逾期了怎么办{n}</a>' for n in range(3))
    assert named(parse(titles), titles, 5).by_script == "show()"
    one = titles[: len(titles) // 3]
    assert not named(parse(one), one, 5).by_script
    words = ("返回首页", "我要投诉", "在线客服")
    buttons = "".join(f'<a href="javascript:show({n})">{word}</a>' for n, word in enumerate(words))
    assert not named(parse(buttons), buttons, 5).by_script


def test_a_select_of_100000_options_is_bounded() -> None:
    page = "<select>" + "".join(f"<option value=/p/{n}.html>" for n in range(100_000)) + "</select>"
    began = time.process_time()
    one = named(parse(page), page, 0)
    # The pager of a large archive has more than a thousand, a trap any number.
    assert 1_500 < len(one.pages) < 3_000 and one.left_out > 1_000
    assert time.process_time() - began < 10


def test_a_json_list_leads_to_its_articles_and_to_its_next_page() -> None:
    url = "http://a.example/api/list?page=2"
    strings = read_json(b'{"list": [{"url": "/a/1.html", "title": "x"}], "html": "<li><a href=/a/2.html>y</a>"}')
    assert strings is not None
    links = json_links(Document(url, "", "utf-8"), strings)
    assert links == ("http://a.example/a/1.html", "http://a.example/a/2.html", "http://a.example/api/list?page=3")
    assert json_links(Document(url, "", "utf-8"), []) == ()
    assert read_json(b"[" * 100_000) is None and read_json(b"<html>") is None
    assert next_number("http://a.example/list") is None
