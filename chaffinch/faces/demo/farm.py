"""Builds the demo farm: the same articles on six sites, copied, edited, disguised and furnished."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from importlib.resources import files
from random import Random
from string import Template

from chaffinch.faces.demo.disguise import (
    EDITS,
    HAN_RUN,
    Text,
    add_zero_width,
    annotate,
    annotate_shifted,
    convert,
    copy,
    splice,
)
from chaffinch.faces.demo.sites import DESIGNS, Design

CATEGORIES = {"cuishou": "催收科普", "xyk": "信用卡", "wangdai": "网贷知识", "shenghuo": "生活"}
OFF_TOPIC = "off-"  # ids of base articles that a topic filter must drop begin with this
PER_LIST = 5  # shown
NEVER_COPIED = 6  # base articles that stay alone (by hand)
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Truth:
    """What must come of an article page.

    `original` is the base article, the cluster's truth; it begins with `off-` when off topic.
    `family` is the edit. `text` is the article's own words, one block a line, in the page's script,
    disguises of single characters undone. `published` is the ISO date (never the time of day) the page
    shows, None when it shows none.
    """

    original: str
    family: str
    title: str
    text: str
    published: str | None


@dataclass(frozen=True, slots=True)
class Resource:
    """An answer; with a validator among its headers it can also be answered 304."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """One host. Absolute links in `pages` begin with `http://HOST/`; a server puts its address there."""

    name: str
    host: str
    pages: Mapping[str, Resource]  # path with query -> answer
    not_found: Resource


@dataclass(frozen=True, slots=True)
class Farm:
    """All sites of the demo."""

    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A base article after one edit, not yet on a site."""

    original: str
    family: str
    text: Text


@dataclass(frozen=True, slots=True)
class _Post:
    """An article on a site: `shown` is `truth` with the site's disguise of single characters."""

    number: int
    path: str
    category: str
    date: str
    heat: int
    author: str
    shown: Text
    truth: Truth


@cache
def base_articles() -> Mapping[str, Text]:
    """The bundled articles by id: the first line of a file is the title, each further line a block."""
    folder = files("chaffinch.faces.demo") / "articles"
    texts = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        title, *lines = file.read_text("utf-8").splitlines()
        texts[file.name.removesuffix(".txt")] = Text(title, tuple(lines))
    return texts


def build(articles: int = 100) -> Farm:
    """The farm with `articles` on-topic article pages and a few off-topic ones; equal for equal arguments.

    Raises ValueError when there is no room for each base article once.
    """
    placed = _place(_copies(articles))
    return Farm(tuple(_site(d, copies) for d, copies in zip(DESIGNS, placed, strict=True)))


def _copies(articles: int) -> list[_Copy]:
    """Each base article once, then edited copies until `articles` are on topic; off-topic ones come extra."""
    random = Random("copies")
    base = base_articles()
    on_topic = [i for i in base if not i.startswith(OFF_TOPIC)]
    off_topic = [i for i in base if i.startswith(OFF_TOPIC)]
    if articles < len(on_topic):
        raise ValueError(f"a farm has at least {len(on_topic)} articles, not {articles}")
    copies = [_Copy(i, "original", base[i]) for i in on_topic]
    copied = random.sample(on_topic, len(on_topic) - NEVER_COPIED)
    for n in range(articles - len(on_topic)):
        original = copied[n] if n < len(copied) else copied[min(random.randrange(len(copied)) for _ in "ab")]
        family = random.choice((*EDITS, "splice"))
        if family == "splice":
            text = splice(base[original], base[random.choice([i for i in on_topic if i != original])])
        else:
            text = EDITS[family](base[original], random)
        copies.append(_Copy(original, family, text))
    copies += [_Copy(i, "original", base[i]) for i in off_topic]
    copies += [_Copy(i, "copy", copy(base[i], random)) for i in off_topic[:2]]
    return copies


def _place(copies: Sequence[_Copy]) -> list[list[_Copy]]:
    """Put each copy on the emptiest of the sites that have fewest of its original already."""
    placed: list[list[_Copy]] = [[] for _ in DESIGNS]
    for item in copies:
        site = min(placed, key=lambda s: (sum(c.original == item.original for c in s), len(s)))
        site.append(item)
    return placed


def _disguise(design: Design, text: Text, random: Random) -> Text:
    """What the site shows for the truth: readings and shifted bytes, or zero-width characters."""
    if design.oddity == "pinyin":
        lines = [annotate(line) for line in text.lines]
        long = [n for n, line in enumerate(text.lines) if HAN_RUN.search(line)]
        if long and random.random() < 0.5:
            n = random.choice(long)
            lines[n] = annotate_shifted(text.lines[n], random)
        return Text(annotate(text.title), tuple(lines))
    if design.oddity == "zero-width" and random.random() < 0.4:
        return replace(text, lines=tuple(add_zero_width(line, random) for line in text.lines))
    return text


def _furniture(design: Design, text: str) -> str:
    """The site's own words in its own script."""
    converted = convert(text, design.opencc)
    return annotate(converted) if design.oddity == "pinyin" else converted


@cache
def _template(design: Design, name: str) -> Template:
    path = files("chaffinch.faces.demo") / "templates" / design.name / f"{name}.html"
    return Template(_furniture(design, path.read_text("utf-8").rstrip("\n")))


def _post(design: Design, number: int, item: _Copy, random: Random) -> _Post:
    slug = "shenghuo" if item.original.startswith(OFF_TOPIC) else random.choice(list(CATEGORIES)[:-1])
    day = (date(2023, 3, 1) + timedelta(days=random.randrange(800))).isoformat()
    text = Text(convert(item.text.title, design.opencc), tuple(convert(x, design.opencc) for x in item.text.lines))
    own_words = "\n".join(line.removeprefix("- " if design.list_items else "") for line in text.lines)
    return _Post(
        number=number,
        path=design.article_path(number, slug, day),
        category=slug,
        date=day,
        heat=random.randrange(3, 900),
        author=random.choice(("admin", "佚名", "小北", "林律师")),
        shown=_disguise(design, text, random),
        truth=Truth(item.original, item.family, text.title, own_words, day if design.dated else None),
    )


def _date_cn(day: str) -> str:
    return f"{day[:4]}年{day[5:7]}月{day[8:]}日"


def _items(design: Design, posts: Sequence[_Post]) -> str:
    template = _template(design, "item")
    return "\n".join(
        template.substitute(
            path=p.path, title=escape(p.shown.title), date=p.date, date_cn=_date_cn(p.date), heat=p.heat
        )
        for p in posts
    )


def _link(design: Design, post: _Post | None) -> str:
    if post is None:
        return _furniture(design, "没有了")
    return f'<a href="{post.path}">{escape(post.shown.title)}</a>'


def _page(design: Design, title: str, main: str, meta: str = "") -> bytes:
    nav = "".join(
        f'<li><a href="{design.list_path(slug, 1)}">{_furniture(design, name)}</a></li>\n'
        for slug, name in CATEGORIES.items()
    )
    html = _template(design, "page").substitute(title=escape(title), nav=nav, main=main, meta=meta)
    return html.encode(design.codec, "xmlcharrefreplace")


def _resource(
    design: Design, body: bytes, *, day: str = "2025-06-01", status: int = 200, truth: Truth | None = None
) -> Resource:
    headers = {"Content-Type": design.content_type}
    if status == 200 and "ETag" in design.validators:
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if status == 200 and "Last-Modified" in design.validators:
        modified = datetime.fromisoformat(day).replace(hour=9, minute=30, tzinfo=UTC)
        headers["Last-Modified"] = format_datetime(modified, usegmt=True)
    return Resource(status, headers, body, truth)


def _article(design: Design, posts: Sequence[_Post], index: int, random: Random) -> Resource:
    post = posts[index]
    others = [p for p in posts if p is not post]
    digest = next((x for x in post.shown.lines if len(x) > 30), post.shown.lines[0])[:40]
    main = _template(design, "article").substitute(
        id=post.number,
        title=escape(post.shown.title),
        date=post.date,
        date_cn=_date_cn(post.date),
        heat=post.heat,
        author=_furniture(design, post.author),
        category=_furniture(design, CATEGORIES[post.category]),
        category_path=design.list_path(post.category, 1),
        digest=escape(digest),
        body=design.body(post.shown.lines, post.shown.title),
        tag=29316 + list(CATEGORIES).index(post.category),
        previous=_link(design, posts[index - 1] if index else None),
        next=_link(design, posts[index + 1] if index + 1 < len(posts) else None),
        related=_items(design, random.sample(others, min(4, len(others)))),
        hot=_items(design, sorted(posts, key=lambda p: -p.heat)[:5]),
    )
    meta = f'<meta property="article:published_time" content="{post.date}T09:30:00+08:00">'
    return _resource(design, _page(design, post.shown.title, main, meta), day=post.date, truth=post.truth)


def _lists(design: Design, posts: Sequence[_Post]) -> dict[str, Resource]:
    """The category pages, `PER_LIST` articles each, linked to one another."""
    pages = {}
    for slug, name in CATEGORIES.items():
        members = [p for p in posts if p.category == slug]
        last = max(1, -(-len(members) // PER_LIST))
        heading = _furniture(design, name)
        pager = " ".join(f'<a href="{design.list_path(slug, n)}">{n}</a>' for n in range(1, last + 1))
        for n in range(1, last + 1):
            items = _items(design, members[(n - 1) * PER_LIST : n * PER_LIST])
            main = f'<h2>{heading}</h2><ul class="list">{items}</ul><div class="pages">{pager}</div>'
            pages[design.list_path(slug, n)] = _resource(design, _page(design, heading, main))
    return pages


def _tags(design: Design) -> dict[str, Resource]:
    """Tag pages with a title and nothing else."""
    return {
        design.tag_path.format(n=29316 + n): _resource(design, _page(design, name, f"<h1>{name}</h1>"))
        for n, name in enumerate(_furniture(design, c) for c in CATEGORIES.values())
    }


def _plain(media_type: str, text: str) -> Resource:
    return Resource(200, {"Content-Type": media_type}, text.encode())


def _feed(base: str, posts: Sequence[_Post]) -> Resource:
    items = "".join(
        f"<item><title>{escape(p.shown.title)}</title><link>{base}{p.path}</link>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(p.date).replace(tzinfo=UTC))}</pubDate></item>\n"
        for p in posts[-10:]
    )
    head = f"<title>债务法务问答</title><link>{base}/</link><description>个人债务咨询</description>"
    return _plain(
        "application/rss+xml; charset=UTF-8",
        f'{_XML}<rss version="2.0"><channel>{head}\n{items}</channel></rss>\n',
    )


def _sitemap(base: str, posts: Sequence[_Post]) -> Resource:
    urls = "".join(f"<url><loc>{base}{p.path}</loc><lastmod>{p.date}</lastmod></url>\n" for p in posts)
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return _plain("application/xml", f'{_XML}<urlset xmlns="{namespace}">\n{urls}</urlset>\n')


def _specials(design: Design, base: str, posts: Sequence[_Post]) -> dict[str, Resource]:
    """What only this one site has: a feed, a sitemap, a forbidden path, a soft 404, a page that fails."""
    match design.name:
        case "fawu":
            return {"/feed/": _feed(base, posts)}
        case "zhaiwu":
            sorry = '<div class="msg">很抱歉，您要访问的页面不存在或已被删除。</div>'
            return {
                "/robots.txt": _plain("text/plain", "User-agent: *\nDisallow: /private/\n"),
                "/private/ledger.html": _resource(design, _page(design, "账目", "<p>不得抓取</p>")),
                "/post/99999.html": _resource(design, _page(design, "提示信息", sorry)),
            }
        case "xinyong":
            return {"/e/broken.php": _resource(design, b"<h1>500 Internal Server Error</h1>", status=500)}
        case "kepu":
            robots = f"User-agent: *\nDisallow:\nSitemap: {base}/sitemap.xml\n"
            return {
                "/robots.txt": _plain("text/plain", robots),
                "/sitemap.xml": _sitemap(base, posts),
            }
        case _:
            return {}


def _site(design: Design, copies: Sequence[_Copy]) -> Site:
    random = Random(design.name)
    host = f"{design.name}.localhost"
    posts = sorted((_post(design, n, item, random) for n, item in enumerate(copies, start=1)), key=lambda p: p.date)
    latest = f'<div class="latest"><ul>{_items(design, posts[::-1][:8])}</ul></div>'
    home = _page(design, _furniture(design, "首页"), latest)
    pages = {"/": _resource(design, home)}
    pages |= _lists(design, posts) | _tags(design) | _specials(design, f"http://{host}", posts)
    pages |= {p.path: _article(design, posts, n, random) for n, p in enumerate(posts)}
    message = _furniture(design, "页面没有找到")
    gone = _resource(design, _page(design, message, f"<h1>404</h1><p>{message}</p>"), status=404)
    return Site(design.name, host, pages, gone)
