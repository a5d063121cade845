"""What a browser reaches is reached: behind a cookie, a select, a refresh, a script that names an address; and told."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from chaffinch.spiders.middlewares.cookies import CookieMiddleware
from tests.spiders.farm_pages import Text, anchors, article, html, texts
from tests.spiders.scripted import Answer, Script, Scripted, asking, scripted
from tests.spiders.trap_pages import along_a_chain, forum, made_from_stock
from tests.warm import Warm

COUNT = 6
SEED_COOKIE = {"Set-Cookie": "ok=1; path=/"}
ENDLESS = 'endless=1; path=/; filler="' + "x" * 100 + '"'


def known(name: str) -> dict[str, Text]:
    return {f"/a/{number}.html": text for number, text in enumerate(texts(COUNT, name))}


def home(name: str) -> Answer:
    return html("催收科普", f"<ul>{anchors([(path, text.title) for path, text in known(name).items()])}</ul>")


def shown(name: str, path: str) -> Answer | None:
    text = known(name).get(path)
    return html(text.title, article(text)) if text else None


def behind_a_cookie(path: str, _: int) -> Answer | None:
    """The server sets a cookie and sends its reader back to where he came from."""
    if path.endswith((".txt", ".xml")):
        return None
    if "ok=1" not in asking.cookie:
        return Answer(status=302, headers={"Location": path, **SEED_COOKIE})
    return home("cookie") if path == "/" else shown("cookie", path)


def behind_a_gate(path: str, _: int) -> Answer | None:
    """Another page sets it, and inner pages send those without one home."""
    if path.endswith((".txt", ".xml")):
        return None
    if path == "/gate?back=/":
        return Answer(status=302, headers={"Location": "/", **SEED_COOKIE})
    if "ok=1" not in asking.cookie:
        return Answer(status=302, headers={"Location": "/gate?back=/", "Set-Cookie": "seen=1"})
    return home("gate") if path == "/" else shown("gate", path)


def endless_cookies(path: str, before: int) -> Answer | None:
    """Every answer sets a cookie of another name, and none helps."""
    if path.endswith((".txt", ".xml")):
        return None
    return Answer(status=302, headers={"Location": path, "Set-Cookie": f"c{before}{len(asking.cookie)}={'x' * 5_000}"})


def without_need(path: str, _: int) -> Answer | None:
    """Sets one that it does not ask for."""
    assert not asking.cookie
    found = home("need") if path == "/" else shown("need", path)
    if found:
        found.headers |= SEED_COOKIE
    return found


def wants_a_script(path: str, _: int) -> Answer | None:
    body = "<html><script>document.cookie='ok=1;path=/';location.reload()</script></html>"
    return None if path.endswith((".txt", ".xml")) else Answer(body, headers={"Content-Type": "text/html"})


def in_a_select(path: str, _: int) -> Answer | None:
    """Lists that only a select leads to."""
    pages = list(known("select").items())
    number = 1 if path == "/" else int(path[6:-5]) if path.startswith("/list_") else 0
    if not number:
        return shown("select", path)
    options = "".join(f"<option value=list_{n}.html>第{n}页</option>" for n in range(1, 4))
    some = anchors([(one, text.title) for one, text in pages[2 * number - 2 : 2 * number]])
    return html("列表", f"<ul>{some}</ul><select onchange='location.href=this.value'>{options}</select>")


def loads_more(path: str, _: int) -> Answer | None:
    """A JSON list behind a button."""
    pages = list(known("more").items())
    if path == "/":
        some = anchors([(one, text.title) for one, text in pages[:2]])
        return html("列表", f"<ul>{some}</ul><button class=load-more data-url='/api/list?page=2'>加载更多</button>")
    if path.startswith("/api/list?page="):
        number = int(path[15:])
        items = [{"title": text.title, "url": one} for one, text in pages[2 * number - 2 : 2 * number]]
        return Answer(json.dumps({"data": items}), headers={"Content-Type": "application/json"})
    return shown("more", path)


def by_refresh(path: str, _: int) -> Answer | None:
    """The home page is a header, and its articles are behind raw bytes."""
    if path == "/":
        return Answer(headers={"Refresh": "0;url=/home/", "Content-Type": "text/html"})
    if path == "/home/":
        go = [(f"/go/{number}", text.title) for number, text in enumerate(known("refresh").values())]
        return html("列表", f"<ul>{anchors(go)}</ul>")
    if path.startswith("/go/"):
        # http.server writes headers as Latin-1: these are the bytes of GBK.
        return Answer(status=302, headers={"Location": f"/{'催收'.encode('gbk').decode('latin-1')}/{path[4:]}.html"})
    return shown("refresh", path.replace("/%B4%DF%CA%D5/", "/a/"))


def by_script(path: str, _: int) -> Answer | None:
    """Some links name their address, others do not."""
    if path != "/":
        return shown("script", path)
    items = [f"<li><a href=\"javascript:go('{one}')\">{text.title}</a></li>" for one, text in known("script").items()]
    hidden = [f'<a href="javascript:openArticle({n})">信用卡逾期了怎么办{n}</a>' for n in range(4)]
    return html("列表", f"<ul>{''.join(items)}</ul>{''.join(hidden)}")


def chain_of_refreshes(path: str, _: int) -> Answer | None:
    number = int(path[2:]) if path[2:].isdigit() else 0
    target = f"/r{number + 1}"
    return None if "." in path else html("转向", "请稍候", head=f"<meta http-equiv=refresh content='0;{target}'>")


def based_elsewhere(path: str, _: int) -> Answer | None:
    """Its relative links lead to another site, as a browser reads them."""
    found = home("based")
    assert isinstance(found.body, bytes)
    base = b"<base href=http://elsewhere.localhost/>"
    return Answer(found.body.replace(b"</head>", base + b"</head>"), headers=found.headers) if path == "/" else None


STOCK, CHAIN, FORUM = made_from_stock(), along_a_chain(), forum()
SITES: dict[str, Script] = {
    "cookie": behind_a_cookie, "gate": behind_a_gate, "need": without_need, "select": in_a_select, "more": loads_more,
    "refresh": by_refresh, "script": by_script, "endless": endless_cookies, "challenge": wants_a_script,
    "chain": chain_of_refreshes, "based": based_elsewhere,
    "stock": lambda path, _: STOCK.answer(path), "next": lambda path, _: CHAIN.answer(path),
    "forum": lambda path, _: FORUM.answer(path),
}  # fmt: skip
REACHED = ("cookie", "gate", "need", "select", "more", "refresh", "script")


@dataclass(frozen=True, slots=True)
class Crawled:
    served: dict[str, Scripted]
    told: str
    articles: dict[str, int]  # site name -> how many
    texts: dict[str, tuple[str, str]]  # URL -> title, text
    stats: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def crawled(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    corpus = tmp_path_factory.mktemp("reach") / "corpus.db"
    with ExitStack() as stack:
        served = {name: stack.enter_context(scripted(script)) for name, script in SITES.items()}
        start = ",".join(f"{one.url}/" for one in served.values())
        options = ["ALLOW_PRIVATE_ADDRESSES=1", f"CORPUS={corpus}"]
        command = ["crawl", "farm", "-a", f"start={start}"]
        command += [word for option in options for word in ("-s", option)]
        done = warm.run(command, corpus.parent)
        assert done.returncode == 0, done.stderr
        yield _read(corpus, served, done.stderr)


def _read(corpus: Path, served: dict[str, Scripted], told: str) -> Crawled:
    names = {one.url.partition("://")[2]: name for name, one in served.items()}
    with closing(sqlite3.connect(corpus)) as db:
        texts = {url: (title, text) for url, title, text in db.execute("SELECT url, title, text FROM articles")}
        counts = Counter(names[site] for (site,) in db.execute("SELECT site FROM articles"))
        (stats,) = db.execute("SELECT json_extract(stats, '$.sites') FROM crawls").fetchone()
    return Crawled(served, told, dict(counts), texts, {names[site]: one for site, one in json.loads(stats).items()})


def test_every_article_is_reached_in_few_requests(crawled: Crawled) -> None:
    assert {name: crawled.articles.get(name, 0) for name in REACHED} == dict.fromkeys(REACHED, COUNT)
    asked = {name: len(one.asked) for name, one in crawled.served.items() if name not in ("stock", "next", "forum")}
    assert max(asked.values()) <= 40, asked


def test_a_site_without_end_is_sampled_and_a_chain_is_followed_to_its_end(crawled: Crawled) -> None:
    asked = crawled.served["stock"].paths()
    assert set(STOCK.articles) <= set(asked)
    assert 30 <= len(asked) <= 25 * len(STOCK.articles)
    assert "site without end, sampled" in str(crawled.stats["stock"]["notes"])
    assert crawled.told.count("site without end, sampled") == 1
    assert crawled.articles["next"] == len(CHAIN.articles)


def test_a_thread_is_its_first_post_and_costs_little(crawled: Crawled) -> None:
    served = crawled.served["forum"]
    assert crawled.articles["forum"] == len(FORUM.articles)
    for path, text in FORUM.articles.items():
        assert crawled.texts[served.url + path] == (text.title, "\n".join(text.lines))
    assert len(served.asked) <= 3 * len(FORUM.articles)
    assert not [path for path in served.paths() if "mod=post" in path or "uid=" in path]


def test_cookies_help_and_stay_unseen(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> None:
    logs = list(tmp_path_factory.getbasetemp().glob("reach*/*.log*"))
    assert logs and not any(b"ok=1" in file.read_bytes() for file in logs)
    assert "ok=1" not in crawled.told
    # Who asks again finds out that it is no use.
    assert len(crawled.served["endless"].asked) <= 12
    assert crawled.told.count("cookies beyond 50") == 1


def test_cookies_can_be_switched_off() -> None:
    assert CookieMiddleware.from_crawler(get_crawler(settings_dict={"COOKIES_ENABLED": True})).jars == {}
    with pytest.raises(NotConfigured):
        CookieMiddleware.from_crawler(get_crawler(settings_dict={"COOKIES_ENABLED": False}))


def test_what_leads_by_script_only_is_told_once_a_site(crawled: Crawled) -> None:
    assert crawled.told.count("by script only") == 1 and "openArticle()" in crawled.told
    assert "openArticle()" in str(crawled.stats["script"]["notes"])
    assert crawled.told.count("<base> leads to another site") == 1
    assert crawled.told.count("only send on") == 1 and len(crawled.served["chain"].asked) <= 15
    assert crawled.told.count("answers with a script") == 2  # as it happens, and in the line at the end
    assert "script" in str(crawled.stats["challenge"]["left"])
