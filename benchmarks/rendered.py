"""Pages rendered from templates of our own, in the manner of the content systems that farms, papers and boards run on.

Each page says what must come of it: its article's text, title and date, or that it has none. The same seed renders the
same pages. Texts are those of the demo; what stands around them is drawn at random, and drawn to be hard: teasers
longer than the article, comments longer than it, related lists inside its container, a side bar with no name.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from chaffinch.items import Page

SEED = 18
VARIANTS = 8  # pages of one template
# Templates that no model is fitted to: what CI's floors are held against.
KEPT = frozenset(
    ("empire", "phpcms", "wptheme", "zblogcms", "farmul", "discuz", "question", "paper", "teaserlist", "board",
     "columns", "account", "spans", "lawcase", "xiuno", "vsb", "oldasp", "tabs", "menupage", "unready", "entryfoot",
     "manylabels", "icons", "slash", "licence")
)  # fmt: skip
Kind = Literal["news", "blog", "forum", "qa", "farm", "none"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page, the template it was rendered from, and what must come of it: no text for a page without an article."""

    name: str
    template: str
    kind: Kind
    short: bool
    page: Page
    text: str
    title: str
    published: str | None
    author: str | None  # whom the page says, None where it says nobody


_CHANNELS = ("催收科普", "信用卡", "网贷逾期", "法律问答", "债务协商", "征信知识")
_PEOPLE = ("云杉", "小周", "老陈", "阿强", "林一", "木子")
_SOURCES = ("南城晚报", "江岸财经", "本站", "网络整理", "还款课堂")
_COMMENTS = (
    "说得很清楚，我去年也是这样处理的，后来确实没有再接到电话。", "请问如果合同里没有写宽限期，还能不能申请延后几天？",
    "谢谢楼主分享，已经按照步骤打了客服电话，对方答应给我方案。", "我的情况不太一样，平台说已经转给外包了，怎么办呢？",
    "顶一下，讲得实在。", "这个办法有用，不过要记得录音，不然对方不认账，我吃过亏。", "楼上说得对，先别急着借新还旧。",
)  # fmt: skip
_NOTICE = "本站部分内容由网友投稿，版权归原作者所有，如有侵权请联系我们，核实之后会尽快删除，谢谢您的理解。"


@cache
def templates() -> dict[str, tuple[Kind, str]]:
    """(kind, HTML with slots) of every template."""
    data = tomllib.loads(Path(__file__).with_name("templates.toml").read_text(encoding="utf-8"))
    return {name: (one["kind"], one["html"]) for name, one in data.items()}


@cache
def texts() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(title, lines) of every article of the demo."""
    folder = files("chaffinch.faces.demo").joinpath("articles")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".txt"))
    found = []
    for name in names:
        title, *lines = folder.joinpath(name).read_text(encoding="utf-8").splitlines()
        found.append((title.strip(), tuple(line.strip() for line in lines if line.strip())))
    return tuple(found)


def pages(seed: int = SEED, variants: int = VARIANTS) -> Iterator[Rendered]:
    """`variants` pages of every template."""
    for template, (kind, layout) in templates().items():
        for n in range(variants):
            yield _Page(random.Random(f"{seed} {template} {n}"), template, kind, layout, n).rendered()


class _Page:
    """One page being rendered: what is drawn for it hangs together."""

    def __init__(self, draw: random.Random, template: str, kind: Kind, layout: str, n: int) -> None:
        self.draw, self.template, self.kind, self.layout, self.n = draw, template, kind, layout, n
        self.title, lines = draw.choice(texts())
        self.short = kind != "none" and n % 4 == 1
        if self.short:
            lines = tuple(draw.sample([line for line in lines if len(line) > 40], 1 if n % 8 == 5 else 2))
        elif n % 4 == 2:
            lines = lines[: max(4, len(lines) // 2)]
        self.lines = [line.removeprefix("- ") for line in lines]
        self.site = draw.choice(("还款课堂", "青禾律讯", "上岸日记", "南城信用网"))
        self.channel = draw.choice(_CHANNELS)
        self.day = f"20{draw.randint(18, 25)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        self.clock = f"{draw.randint(7, 22):02}:{draw.randint(0, 59):02}"
        self.head = ""
        self.author: str | None = None
        self.posters: dict[str, str] = {}

    def rendered(self) -> Rendered:
        info = self.info()
        slots = {
            "nav": self.nav(), "crumb": self.crumb(), "title": self.title, "info": info, "body": self.body(),
            "inside": self.inside(), "next": self.neighbours(), "related": self.related(), "comments": self.comments(),
            "side": self.side(), "foot": self.foot(), "channel": self.channel, "summary": self.lines[0][:60] + "...",
            "lead": self.lines[0][:80],
            "sections": "".join(f"<section><p><span>{line}</span></p></section>" for line in self.lines),
            "lawyers": self.lawyers(), "links": self.links(20),
            "teasers": self.teasers(8, self.draw.choice((60, 140, 240))),
            "articles": self.articles(), "rows": self.rows(), "threads": self.threads(),
            "posts:discuz": self.posts("discuz"), "posts:phpbb": self.posts("phpbb"),
            "person": self.person, "day": self.day, "clock": self.clock,
            "excerpts": self.excerpts() if "{excerpts}" in self.layout else "", "blocks": self.blocks(),
        }  # fmt: skip
        html = self.layout
        for name, value in slots.items():
            html = html.replace("{" + name + "}", value)
        title = f"{self.title}{self.draw.choice(('_', ' - ', '-', '|'))}{self.site}"
        if self.template == "zblog" and self.n % 2:
            title = f"{self.site}-{self.title}"
        if self.kind == "none":
            title = f"{self.channel} - {self.site}"
        named = "" if self.layout.find("{title}") < 0 and self.kind != "none" else f"<title>{title}</title>"
        codec = self.draw.choice(("utf-8", "utf-8", "gbk"))
        html = f'<!DOCTYPE html><html><head><meta charset="{codec}">{named}{self.head}</head><body>{html}</body></html>'
        url = "http://www.example.com/" + ("" if self.kind == "none" else f"a/{self.n + 1}.html")
        if self.template in ("tagpage", "plainlist", "tablelist"):
            url += self.draw.choice(("tag/yuqi", "list/3.html", "xyk/"))
        article = self.kind != "none"
        return Rendered(
            f"{self.template}/{self.n}", self.template, self.kind, self.short,
            Page(url, html.encode(codec, "ignore"), ""), "\n".join(self.lines) if article else "",
            self.title if article and named else "",
            self.published if article and any(slot in self.layout for slot in ("{info}", "{posts", "{day}")) else None,
            self.named() if article else None,
        )  # fmt: skip

    def named(self) -> str | None:
        """Whom the page says as its author."""
        if "{person}" in self.layout:
            return self.person
        system = next((name for name in self.posters if "{posts:" + name in self.layout), None)
        return self.posters[system] if system else self.author if "{info}" in self.layout else None

    def excerpts(self) -> str:
        """Other articles with long beginnings, in the manner of columns that recommend each other."""
        return "".join(
            f'<div class="_1EpBY"><a href="/p/{n}">{self.other()}</a><div>{self.summary(110)}</div>'
            f"<span>{self.draw.choice(_PEOPLE)} 阅读 {n * 7}评论 {n}赞 1</span></div>"
            for n in range(self.draw.choice((0, 3, 6)))
        )

    def blocks(self) -> str:
        """The text in inline elements that are shown as blocks."""
        return "".join(f'<span style="display:block;text-indent:2em">{line}</span>' for line in self.lines)

    def info(self) -> str:
        """The line with date, source and views; of some pages there is none, and of some the head says more."""
        day, clock = self.day, self.clock
        year, month, date = day.split("-")
        self.person = person = self.draw.choice(_PEOPLE)
        source, views = self.draw.choice(_SOURCES), self.draw.randint(3, 9999)
        self.published: str | None = f"{day}T{clock}:00"
        forms = (
            f"发布时间：{day} {clock} 来源：{source}",
            f"<span>{year}年{month}月{date}日 {clock}</span><span>{source}</span>",
            f"<small>时间:</small>{day} {clock}<small>来源:</small>{source}"
            f"<small>作者:</small>{person}<small>点击:</small>{views}次",
            f"\n  <span>\n   {person}\n  </span>\n  <span>\n   {day} {clock}\n  </span>",
            f'<time class="entry-date published" datetime="{day}T{clock}:00">{int(month)}月{int(date)}日</time>',
            f"更新时间：2026-01-05 发布时间：{day} {clock}", f"{person} 发表于 {day} {clock} 浏览({views})",
        )  # fmt: skip
        form = self.draw.choice(forms)
        self.author = person if "作者" in form or "发表于" in form else None
        if self.draw.random() < 0.2:
            self.head += '<meta property="article:modified_time" content="2026-01-05T10:00:00+08:00">'
        if self.draw.random() < 0.15:
            escaped = day.replace("-", "\\/")
            self.head += (
                f'<script type="application/ld+json">{{"@type":"Article","datePublished":"{escaped} {clock}"}}</script>'
            )
        return form

    def body(self) -> str:
        lines = self.lines
        form = self.draw.randrange(6)
        if form == 0:
            return "<br><br>\u3000\u3000".join(lines)
        if form == 1:
            return "".join(f"<div>{line}</div>" for line in lines)
        if form == 2:
            return "".join(f'<p style="text-indent:2em"><span>{line}</span></p>' for line in lines)
        if form == 3:
            return "".join(f"<h3>{line}</h3>" if len(line) < 20 else f"<p>{line}</p>" for line in lines)
        if form == 4:
            linked = [
                line.replace("银行", '<a href="/tag/1">银行</a>').replace("平台", '<a href="/k">平台</a>')
                for line in lines
            ]
            return "".join(f"<p>{line}</p>" for line in linked)
        return "".join(f"<p>{line}</p>\n" for line in lines)

    def other(self) -> str:
        return self.draw.choice(texts())[0]

    def summary(self, chars: int) -> str:
        lines = [line for line in self.draw.choice(texts())[1] if len(line) > 30]
        return "".join(self.draw.sample(lines, min(len(lines), 4)))[:chars] + "..."

    def nav(self) -> str:
        names = ("首页", *_CHANNELS, "联系我们")
        links = "".join(f'<li><a href="/{n}/">{name}</a></li>' for n, name in enumerate(names))
        return f'<div class="{self.draw.choice(("nav", "menu", "header", "top"))}"><ul>{links}</ul></div>'

    def crumb(self) -> str:
        return f'<a href="/">首页</a> &gt; <a href="/c/">{self.channel}</a> &gt; 正文'

    def links(self, count: int) -> str:
        dated = self.draw.random() < 0.5
        time = [f"<time>2021-{n % 12 + 1:02}-11</time>" if dated else "" for n in range(count)]
        return "".join(f'<li>{time[n]}<a href="/a/{n}.html">{self.other()}</a></li>' for n in range(count))

    def teasers(self, count: int, chars: int) -> str:
        form = self.draw.randrange(4)
        forms = (
            '<div class="item"><h4><a href="/a/{0}.html">{1}</a></h4><div class="intro">{2}</div></div>',
            '<li><a href="/a/{0}.html">{1}</a><p>{2}</p></li>',
            '<dl><dt><a href="/a/{0}.html">{1}</a></dt><dd>{2}</dd></dl>',
            '<a href="/a/{0}.html">{1}</a><br>{2}<br>',
        )  # fmt: skip
        inner = "".join(forms[form].format(n, self.other(), self.summary(chars)) for n in range(count))
        return f"<ul>{inner}</ul>" if form == 1 else f'<div class="list">{inner}</div>'

    def related(self) -> str:
        heading = self.draw.choice(("相关推荐", "猜你喜欢", "相关文章", "热门文章", "延伸阅读", ""))
        heading = f"<h3>{heading}</h3>" if heading else ""
        if self.draw.random() < 0.5:
            name = self.draw.choice(("xg", "about", "tuijian", "b2"))
            return f'<div class="{name}">{heading}<ul>{self.links(8)}</ul></div>'
        return heading + self.teasers(self.draw.randint(4, 7), self.draw.choice((60, 120, 200, 280)))

    def inside(self) -> str:
        which = self.draw.random()
        if which < 0.5:
            return ""
        if which < 0.65:
            return f'<div class="copyright">{_NOTICE}</div>'
        if which < 0.8:
            return f"<p>相关阅读：</p><ul>{self.links(5)}</ul>"
        return f'<div class="rel">{self.teasers(4, 150)}</div>'

    def neighbours(self) -> str:
        return f'<li>上一篇：<a href="/1">{self.other()}</a></li><li>下一篇：<a href="/2">{self.other()}</a></li>'

    def comments(self) -> str:
        count = self.draw.choice((0, 2, 5, 12))
        if not count:
            return self.draw.choice(("", '<div id="comments"><h3>发表评论</h3><p>还没有评论，来说两句吧。</p></div>'))
        said = self.draw.choice((None, None, 60, 250))  # as long as the article's own paragraphs, or longer
        names = self.draw.choice(
            (("comments", "comment"), ("cmt-box", "cmt"), ("pl", "pl-item"), ("reply-list", "reply"))
        )
        inner = "".join(
            f'<div class="{names[1]}"><b>{self.draw.choice(_PEOPLE)}</b><i>{n + 1}天前</i>'
            f"<p>{self.summary(said) if said else self.draw.choice(_COMMENTS)}</p></div>"
            for n in range(count)
        )
        heading = self.draw.choice((f"<h3>网友评论({count})</h3>", ""))
        return f'<div class="{names[0]}">{heading}{inner}</div>'

    def side(self) -> str:
        which = self.draw.randrange(4)
        if which == 0:
            return f"<div><h3>热门文章</h3><ul>{self.links(10)}</ul></div>"
        if which == 1:
            return f"<div><h3>最新发布</h3>{self.teasers(5, self.draw.choice((50, 120, 260)))}</div>"
        if which == 2:
            return f"<div><b>关于我们</b><p>{_NOTICE}</p><p>{self.summary(120)}</p></div><ul>{self.links(6)}</ul>"
        return f"<div><h3>热评</h3>{''.join(f'<p>{one}</p>' for one in self.draw.sample(_COMMENTS, 4))}</div>"

    def foot(self) -> str:
        more = _NOTICE if self.draw.random() < 0.5 else ""
        return f'<div class="footer"><p>{more}</p><p>{self.site} 版权所有 备案号：南城备00000000号</p></div>'

    def lawyers(self) -> str:
        return "".join(
            f'<div class="l"><a href="/l/{n}">{name}律师</a><p>{self.summary(90)}</p></div>'
            for n, name in enumerate(self.draw.sample(_PEOPLE, 4))
        )

    def articles(self) -> str:
        return "".join(
            f'<article class="post"><h2><a href="/p/{n}.html">{title}</a></h2><p class="meta">2024-01-0{n + 1}</p>'
            f"<div class=entry>{''.join(f'<p>{line}</p>' for line in lines[:3])}</div></article>"
            for n, (title, lines) in enumerate(self.draw.sample(texts(), 6))
        )

    def rows(self) -> str:
        return "".join(
            f'<tr><td><a href="/a/{n}.html">{self.other()}</a></td></tr><tr><td>{self.summary(90)}</td></tr>'
            for n in range(8)
        )

    def threads(self) -> str:
        return "".join(
            f'<tr><th><a href="/t/{n}.html">{self.other()}</a></th><td>{self.draw.choice(_PEOPLE)}</td>'
            f"<td>{n}小时前</td></tr>"
            for n in range(25)
        )

    def posts(self, system: str) -> str:
        """The first post and its replies."""
        replies = [self.draw.choice(_COMMENTS) for _ in range(self.draw.choice((0, 2, 6)))]
        texts_of = [self.body(), *replies]
        out = []
        for n, text in enumerate(texts_of):
            person = self.draw.choice(_PEOPLE)
            self.posters.setdefault(system, person)
            day = f"{self.day} {self.clock}" if n == 0 else f"2026-01-{n:02} 10:00"
            if system == "discuz":
                out.append(
                    f'<div id="post_{n}"><table class="plhin"><tr><td class="pls"><div class="authi">'
                    f'<a href="/u">{person}</a></div><p>积分 {n * 7}</p></td><td class="plc"><div class="pi">'
                    f'<em>发表于 {day}</em></div><div class="pct"><table><tr><td class="t_f" id="postmessage_{n}">'
                    f"{text}</td></tr></table></div></td></tr></table></div>"
                )
            else:
                out.append(
                    f'<div id="p{n}" class="post"><div class="postbody"><p class="author">由 {person} » {day}</p>'
                    f'<div class="content">{text}</div></div><dl class="postprofile"><dt>{person}</dt></dl></div>'
                )
        return "".join(out)
