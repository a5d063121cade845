"""The designs of the demo's sites: six content management systems, their URLs, charsets and habits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from chaffinch.faces.demo.disguise import is_heading

Oddity = Literal["none", "pinyin", "zero-width"]


@dataclass(frozen=True, slots=True)
class Design:
    """How one site looks, and how it disguises what it copies."""

    name: str  # of the site, its host and its folder of templates
    codec: str  # what the bytes really are; the meta element may say otherwise
    content_type: str
    article_path: Callable[[int, str, str], str]  # id, category slug, ISO date -> path
    list_path: Callable[[str, int], str]  # category slug, page from 1 -> path
    tag_path: str  # a format over `n`
    body: Callable[[Sequence[str], str], str]  # lines as published, title -> HTML
    opencc: str | None = None
    oddity: Oddity = "none"
    dated: bool = True  # whether an article shows its date
    list_items: bool = False  # whether lists are <ul>, their markers no text
    validators: tuple[Literal["ETag", "Last-Modified"], ...] = ()


def _page(page: int, form: str) -> str:
    return form.format(page=page) if page > 1 else ""


def _paragraphs(lines: Sequence[str], title: str) -> str:
    """DedeCMS: headings are bold paragraphs; the first of them is followed by the title once more."""
    html, repeated = [], False
    for line in lines:
        if is_heading(line):
            html.append(f"<p><strong>{escape(line)}</strong></p>")
            if not repeated:
                html.append(f'<p style="text-align:center">{escape(title)}</p>')
                repeated = True
        else:
            html.append(f"<p>\u3000\u3000{escape(line)}</p>")
    return "\n".join(html)


def _semantic(lines: Sequence[str], title: str) -> str:
    """WordPress: real headings and lists. The list marker is the browser's, not the text's."""
    html = []
    for line in lines:
        if line.startswith("- "):
            html.append(f"<ul><li>{escape(line[2:])}</li></ul>")
        else:
            tag = "h2" if is_heading(line) else "p"
            html.append(f"<{tag}>{escape(line)}</{tag}>")
    return "\n\n".join(html).replace("</ul>\n\n<ul>", "\n")


def _editor(lines: Sequence[str], title: str) -> str:
    """Z-Blog: what a rich-text editor leaves behind."""
    return "\n".join(
        f'<h3><span style="font-size: 18px;">{escape(line)}</span></h3><p><br/></p>'
        if is_heading(line)
        else f'<p style="text-indent: 2em;"><span style="font-family: 宋体;">{escape(line)}</span></p>'
        for line in lines
    )


def _breaks(lines: Sequence[str], title: str) -> str:
    """EmpireCMS: one cell of text with line breaks, paragraphs set in with two full-width spaces."""
    return "<br><br>\n".join(f"\u3000\u3000{escape(line)}" for line in lines)


def _post(lines: Sequence[str], title: str) -> str:
    """Discuz: a post, every line ends in a break."""
    return "<br />\n".join(
        f'<font size="4"><strong>{escape(line)}</strong></font>' if is_heading(line) else escape(line) for line in lines
    )


def _divs(lines: Sequence[str], title: str) -> str:
    """A template of its own: nothing but div; the title again in front of the second heading."""
    html, headings = [], 0
    for line in lines:
        heading = is_heading(line)
        headings += heading
        if heading and headings == 2:
            html.append(f'<div class="im">{escape(title)}</div>')
        html.append(f'<div class="{"h" if heading else "x"}-3">{escape(line)}</div>')
    return "\n".join(html)


DESIGNS = (
    Design(  # DedeCMS; GBK that declares gb2312 and holds characters gb2312 lacks
        name="yuqi",
        codec="gbk",
        content_type="text/html",
        article_path=lambda n, slug, date: f"/{slug}/{date[:4]}{date[5:7]}/{21000 + n * 7}.html",
        list_path=lambda slug, page: f"/{slug}/{_page(page, 'list_3_{page}.html')}",
        tag_path="/tags/{n}.html",
        body=_paragraphs,
    ),
    Design(  # WordPress, with a feed and validators
        name="fawu",
        codec="utf-8",
        content_type="text/html; charset=UTF-8",
        article_path=lambda n, slug, date: f"/archives/{260 + n * 3}",
        list_path=lambda slug, page: f"/category/{slug}/{_page(page, 'page/{page}/')}",
        tag_path="/tag/{n}/",
        body=_semantic,
        list_items=True,
        validators=("ETag", "Last-Modified"),
    ),
    Design(  # Z-Blog; UTF-8 that declares gb2312, zero-width characters, robots.txt, a soft 404
        name="zhaiwu",
        codec="utf-8",
        content_type="text/html",
        article_path=lambda n, slug, date: f"/post/{26600 + n}.html",
        list_path=lambda slug, page: f"/category-{slug}{_page(page, '_{page}')}.html",
        tag_path="/tags-{n}.html",
        body=_editor,
        oddity="zero-width",
    ),
    Design(  # EmpireCMS; tables and line breaks, GBK that both header and meta call gb2312, a broken page
        name="xinyong",
        codec="gbk",
        content_type="text/html; charset=gb2312",
        article_path=lambda n, slug, date: f"/{slug}/{date[:4]}/{date[5:7]}{date[8:]}/{43700 + n}.html",
        list_path=lambda slug, page: f"/{slug}/index{_page(page, '_{page}')}.html",
        tag_path="/e/tags/{n}.html",
        body=_breaks,
        validators=("Last-Modified",),
    ),
    Design(  # div soup; traditional script with readings left behind, a sitemap
        name="kepu",
        codec="utf-8",
        content_type="text/html; charset=utf-8",
        article_path=lambda n, slug, date: f"/rd/{n * 2654435761 % 36**6:06d}{date[2:4]}.html",
        list_path=lambda slug, page: f"/c/{slug}{_page(page, '-{page}')}.html",
        tag_path="/ss/{n}.html",
        body=_divs,
        opencc="s2t",
        oddity="pinyin",
        dated=False,
        validators=("ETag",),
    ),
    Design(  # Discuz; Big5, Taiwan's wording
        name="luntan",
        codec="cp950",
        content_type="text/html; charset=big5",
        article_path=lambda n, slug, date: f"/thread-{1800 + n}-1-1.html",
        list_path=lambda slug, page: f"/forum-{slug}-{page}.html",
        tag_path="/tag-{n}.html",
        body=_post,
        opencc="s2twp",
    ),
)
