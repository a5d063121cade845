"""What a page names without a link is taken when it stands there in so many words, and nothing else is."""

import time

import pytest

from chaffinch.items import Document
from chaffinch.page.leads.json_lists import Listed, next_list, read_json
from chaffinch.page.leads.links import after_fragment, json_links, named_links
from chaffinch.page.leads.navigation import named
from chaffinch.page.parse import parse

URL = "http://a.example/news/"


def found(body: str, links: int = 1) -> list[str]:
    tree = parse(f"<html><body>{body}</body></html>")
    urls = named_links(Document(URL, body, "utf-8"), named(tree, body, links), tree)
    return [url.removeprefix("http://a.example") for url in urls]


GO = "<script>function go(n) { if (n) n = n; window.location.href = '/l_' + n + '.html'; }</script>"


SELECTED = "<script>function to(o) { var v = o.options[o.selectedIndex].value; location = '/l/' + v }</script>"


def script(code: str, call: str) -> str:
    return f'<script>{code}</script><a href="javascript:{call}">2</a>'


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
        (script("to = function(a, p) { if (p > 9) { p = 9; } location = '/c' + a + '/' + p; }", "to(3, 2)"), "/c3/2"),
        (script("const to = p => { location.href = `/l/${p}.html` }", "to(2)"), "/l/2.html"),
        (script("var b = '/b/'; function to(p) { var u = b + p + '.htm'; window.open(u) }", "to(2)"), "/b/2.htm"),
        (script("function to(p) { location.href = '/l/' + place() + p }", "to(2)"), ""),
        (script("function to(p) { location.href = '/l/' + p }", "to(page)"), ""),
        (SELECTED + options("to(this)", "5"), "/l/5"),
        (options("location='/l/'+this.value").replace("</select>", "<option>3</select>"), "/l/3"),
        ("<div data-jump-url=/a/1.html>t</div><i data-share-url=/s/1.html>t</i>", "/a/1.html"),
        ("<b data-to=/a/1.html onclick=\"location=$(this).data('to')\">t</b>", "/a/1.html"),
        ("<script>fetch('/ajax/list?page=' + page + '&cid=3')</script>", "/ajax/list?cid=3&page=1"),
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


@pytest.mark.parametrize("name", ["data-a-", "data-img-", "data-url", "data-a-url ", "onclick='go(", "javascript:"])
def test_names_without_an_end_cost_little(name: str) -> None:
    page = f"<p>location onclick {name * (300_000 // len(name))}"
    tree, began = parse("<p>"), time.process_time()
    named(tree, page, 1)
    assert time.process_time() - began < 5


def test_a_json_list_leads_to_its_articles_and_to_its_next_page() -> None:
    url = "http://a.example/api/list?page=2"
    answer = read_json(b'{"list": [{"url": "/a/1.html", "title": "x"}], "html": "<li><a href=/a/2.html>y</a>"}')
    assert answer is not None
    links = json_links(Document(url, "", "utf-8"), answer)
    assert links == ("http://a.example/a/1.html", "http://a.example/a/2.html", "http://a.example/api/list?page=3")
    assert json_links(Document(url, "", "utf-8"), Listed([], {})) == ()
    assert read_json(b"[" * 100_000) is None and read_json(b"<html>") is None
    assert next_list("http://a.example/list", {}, 5) is None


@pytest.mark.parametrize(
    ("address", "answer", "after"),
    [
        ("?page=2", '{"list": ["/a/1.html"]}', "?page=3"),
        ("?page=2", '\ufeffshow({"list": ["/a/1.html"]});', "?page=3"),
        ("?limit=8&offset=8", '{"list": ["/a/1.html"]}', "?limit=8&offset=16"),
        ("?start=1", '{"list": ["/a/1.html", "/a/2.html"]}', "?start=3"),
        ("?cursor=a%2F1", '{"data": {"list": ["/a/1.html"], "next_cursor": "b=2", "total": 9}}', "?cursor=b%3D2"),
        ("?last_id=8", '{"list": ["/a/1.html"], "last_id": 16}', "?last_id=16"),
        ("?last_id=8", '{"list": ["/a/1.html"], "last_id": 0}', ""),
        ("?cat=8", '{"list": ["/a/1.html"], "cat": 9}', ""),
    ],
)
def test_a_list_goes_on_where_its_address_or_its_answer_says(address: str, answer: str, after: str) -> None:
    url = f"http://a.example/api{address}"
    listed = read_json(answer.encode())
    assert listed is not None
    [last] = json_links(Document(url, "", "utf-8"), listed)[-1:]
    assert last == (f"http://a.example/api{after}" if after else "http://a.example/a/1.html")


def test_a_fragment_goes_on_and_a_page_does_not() -> None:
    url = "http://a.example/more.php?page=2"
    assert after_fragment(Document(url, "<li><a href=/a/1.html>", "utf-8"), 1) == ("http://a.example/more.php?page=3",)
    assert after_fragment(Document(url, "<!-- no more -->", "utf-8"), 0) == ()
    assert after_fragment(Document(url, "<html><li><a href=/a/1.html>", "utf-8"), 1) == ()
