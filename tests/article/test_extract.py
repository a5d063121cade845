"""The article's own lines come out of any template, and a page without an article says why."""

import json
from collections import Counter
from pathlib import Path

import pytest
from lxml.html import tostring

from chaffinch.article.extract import extract, extract_tree
from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.faces.demo.farm import Resource, build
from chaffinch.items import Article, Block, Document, NotArticle, Page
from chaffinch.page.decode import decode
from chaffinch.page.elements import elements
from chaffinch.page.parse import parse

PAGES = Path(__file__).with_name("pages")
IDS = [json.loads(line)["id"] for line in (PAGES / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
RULES = load_rules()
WORDS = [
    "收到催收短信之后，先核对欠款的金额和日期，再打官方客服电话确认，不要点短信里的链接。",
    "如果确实欠款，就把能还的数目和时间告诉对方，请他把方案写成文字发过来，留作凭证。",
    "如果从来没有借过，就去查征信报告，发现冒名贷款的，马上报警并向银行提出异议。",
]
TITLES = [
    f"{what}{how}"
    for what in ("信用卡", "公积金", "医疗保险", "房贷")
    for how in ("逾期了怎么处理才好", "能不能提前办理")
]
MENU = "<ul>" + "".join(f'<li><a href="/{n}/">{n}</a></li>' for n in ("首页", "债务", "法律", "生活", "问答")) + "</ul>"
SUMMARY = "这篇文章介绍了办理的步骤和要注意的地方，看完就明白了，可以先收藏再看。"


def article_of(body: str, url: str = "http://example.com/a/1.html", head: str = "") -> Article | NotArticle:
    return extract(Document(url, f"<html><head>{head}</head><body>{body}</body></html>", "utf-8"))


def lines_of(body: str) -> list[str]:
    found = article_of(body)
    assert isinstance(found, Article), found
    return [block.text for block in found.blocks if not block.hidden and not block.beside]


def paragraphs(lines: list[str] = WORDS, tag: str = "p") -> str:
    return "".join(f"<{tag}>{line}</{tag}>" for line in lines)


@pytest.mark.parametrize("page", IDS)
def test_own_pages(page: str) -> None:
    body = (PAGES / "own" / f"{page}.html").read_bytes()
    gold = (PAGES / "own" / f"{page}.gold.txt").read_text(encoding="utf-8").split()
    found = extract(decode(Page("", body)))
    assert isinstance(found, Article), found
    text = clean(found, RULES, b"key").text
    assert text.split() == gold


def likeness(one: str, other: str) -> float:
    """F1 over runs of four characters."""
    a, b = (Counter(text[n : n + 4] for n in range(len(text) - 3)) for text in (one, other))
    return 2 * (a & b).total() / (a.total() + b.total())


def farm_pages() -> list[tuple[str, Resource]]:
    return [(f"http://{s.host}{path}", page) for s in build(60).sites for path, page in s.pages.items()]


def test_every_article_of_the_demo_farm_comes_out_and_nothing_else() -> None:
    wrong = []
    for url, page in farm_pages():
        found = extract(decode(Page(url, page.body, page.headers["Content-Type"])))
        if page.truth is None:
            wrong += [(url, found.title)] if isinstance(found, Article) else []
        elif isinstance(found, NotArticle):
            wrong.append((url, found.reason))
        else:
            alike, day = likeness(clean(found, RULES, b"key").text, page.truth.text), (found.published or "")[:10]
            if alike < 0.95 or day != (page.truth.published or "") or found.category is None:
                wrong.append((url, f"{alike} {day} {found.category}"))
    assert wrong == []


def test_blocks_have_kinds() -> None:
    html = (
        f"<div class=content><h2>一、先核对</h2>{paragraphs(WORDS[:1])}<ul><li>带上身份证</li><li>带上合同</li></ul>"
        f"<table><tr><th>阶段</th><th>做法</th></tr><tr><td>前三天</td><td>发短信</td></tr></table>"
        f"<blockquote>{WORDS[1]}</blockquote>{WORDS[2]}</div>"
    )
    found = article_of(html)
    assert isinstance(found, Article)
    assert found.blocks == (
        Block("一、先核对", "heading"),
        Block(WORDS[0]),
        Block("带上身份证", "list"),
        Block("带上合同", "list"),
        Block("阶段 做法", "table"),
        Block("前三天 发短信", "table"),
        Block(WORDS[1], "quote"),
        Block(WORDS[2]),
    )


@pytest.mark.parametrize(
    "body",
    [
        "<br><br>\u3000\u3000".join(WORDS),
        "<table><tr><td>" + "</td></tr><tr><td>".join(WORDS) + "</td></tr></table>",
        "".join(f"<div><span>{line[:9]}</span><font color=red>{line[9:]}</font></div>" for line in WORDS),
        f"{WORDS[0]}<p>{WORDS[1]}</p>{WORDS[2]}",
        f"<p>{WORDS[0]}</body></html></div></div><p>{WORDS[1]}</span><p>{WORDS[2]}",
        "<P ALIGN=left>" + "<P>".join(WORDS),
        "<pre>\n" + "\n\n".join(f"    {line}" for line in WORDS) + "\n</pre>",
        "".join(f'<section><p>{line}</p></section><div class="ad">广告</div>' for line in WORDS),
        paragraphs().replace("欠款", "<a href=/tag/1>欠款</a>").replace("银行", "<a href=/tag/2><b>银行</b></a>"),
        paragraphs() + '<div style="display:none">' + paragraphs([line[::-1] for line in WORDS]) + "</div>",
        paragraphs() + "<div class=mobile>" + paragraphs() + "</div>",
        paragraphs() + "<script>write('。，。，。，。，')</script><style>p{}</style><noscript>请开启，谢谢</noscript>",
        f"<a name=top>{paragraphs()}</div>",
        f"<a href=/1>{paragraphs()}</div>",
        f"{paragraphs(WORDS[:1])}<a onclick='f()'>展开全文</a><div style='display:none'>{paragraphs(WORDS[1:])}</div>",
        paragraphs().replace("欠款", "<ruby>欠款<rt>qiàn kuǎn</rt></ruby>"),
        paragraphs(tag="div").replace("银行", "<div style='display: inline-block'>银行</div>"),
        "".join(f"<span style='display:block;text-indent:2em'>{line}</span>" for line in WORDS),
        paragraphs() + "<select><option>一，二，三。</option></select><textarea>四，五，六。</textarea>",
    ],
)  # fmt: skip
def test_forms_of_paragraphs(body: str) -> None:
    assert lines_of(f"{MENU}<div>{body}</div>") == WORDS


def test_comments_longer_than_the_article() -> None:
    comments = "".join(f"<div class=row><b>网友{n}</b><p>{line}</p></div>" for n in range(4) for line in WORDS)
    assert lines_of(f"<div>{paragraphs()}</div><div><h3>全部评论(12)</h3>{comments}</div>") == WORDS


def test_comments_known_by_name_alone() -> None:
    comments = "".join(
        f"<div class=item><span>用户{n}</span><div>{line}</div></div>" for n in range(4) for line in WORDS
    )
    assert lines_of(f"<div>{paragraphs()}</div><div class=reply_list>{comments}</div>") == WORDS


@pytest.mark.parametrize(
    "around",
    [
        "".join(f"<div class=l><a href=/l{n}>张律师</a><p>{SUMMARY}</p></div>" for n in range(8)),
        "<div><b>律所简介</b>" + f"<p>{SUMMARY}</p>" * 8 + "</div>",
        f"<table>{''.join(f'<tr><td><a href=/1>{t}</a></td></tr><tr><td>{SUMMARY}</td></tr>' for t in TITLES)}</table>",
        "<div>" + "".join(f"<a href=/1>{title}</a>" for title in TITLES) + "</div>",
    ],
)  # fmt: skip
def test_what_stands_beside_the_article(around: str) -> None:
    lines = [f"{line}{n}" for n in range(2) for line in WORDS]
    assert lines_of(f"{MENU}<div class=w><div>{paragraphs(lines)}</div>{around}</div>") == lines


def test_furniture_right_beside_the_article_is_cleaned_off_and_leaves_its_contacts() -> None:
    lines = [f"{line}{n}" for n in range(2) for line in WORDS]
    notice = "<div><p>内容侵权、删帖举报联系方式：</p><p>陈先生：13800138000</p></div>"
    body = f"{MENU}<div><h1>逾期以后怎么办</h1>{notice}<div>{paragraphs(lines)}</div><p>天天好运，好事成双</p></div>"
    found = article_of(body, head="<title>逾期以后怎么办</title>")
    assert isinstance(found, Article)
    cleaned = clean(found, RULES, b"key")
    assert cleaned.text.split("\n") == lines and [one.kind for one in cleaned.contacts] == ["phone"]
    rules = [(one.rule, one.position) for one in cleaned.removed]
    assert rules == [("title-line", 0), ("takedown-notice", 1), ("beside", 8)]
    around = f"<div>{paragraphs([f'{line}甲' for line in WORDS] * 3)}</div>"  # as much again is no furniture
    found = article_of(f"<div><div>{paragraphs(lines)}</div></div><div>{SUMMARY}{around}</div>")
    assert isinstance(found, Article) and not any(block.beside for block in found.blocks)


def test_references_between_paragraphs_make_no_list() -> None:
    lines = [f"{line}{n}" for n in range(3) for line in WORDS]
    reference = f"<p>相关阅读：<a href=/1>{TITLES[0]}</a></p>"
    assert lines_of(f"{MENU}<div>{reference.join(f'<p>{line}</p>' for line in lines)}</div>") == lines


def test_text_after_an_early_end_of_the_page_is_read() -> None:
    head = f"<html><head><title>一</title></head><body><div>{MENU}</div></body></html>"
    found = extract(Document("", f"{head}<div>{paragraphs()}</div></body></html>", "utf-8"))
    assert isinstance(found, Article)
    assert [block.text for block in found.blocks] == WORDS


def test_related_teasers_longer_than_the_article() -> None:
    teasers = "".join(f'<div class=item><a href="/{title}">{title}</a><p>{SUMMARY}</p></div>' for title in TITLES)
    body = f"<div><h1>收到催收短信怎么办</h1><div>{WORDS[0]}</div></div><div><h3>相关推荐</h3>{teasers}</div>"
    found = article_of(body, head="<title>收到催收短信怎么办-问答</title>")
    assert isinstance(found, Article)
    assert [block.text for block in found.blocks if block.kind == "paragraph"] == [WORDS[0]]


def teasers(form: str) -> str:
    return "".join(form.format(title, SUMMARY) for title in TITLES)


LIST_PAGES = [
    MENU + teasers("<div class=t><a href=/1>{}</a><p>{}</p></div>"),
    MENU + "<ul>" + teasers("<li><a href=/1>{}</a><p>{}</p></li>") + "</ul>",
    MENU + "<div>" + teasers("<a href=/1>{}</a><br>{}<br>") + "</div>",
    MENU + "<table>" + teasers("<tr><td><a href=/1>{}</a></td></tr><tr><td>{}</td></tr>") + "</table>",
    MENU + "<p>信用卡频道提供办卡、还款和逾期处理的文章。</p>" + teasers("<a href=/1>{}</a><br>"),
    "".join(f"<article class=p><h2><a href=/1>{t}</a></h2><i>2024-01-01</i>{paragraphs()}</article>" for t in TITLES),
]


@pytest.mark.parametrize("body", LIST_PAGES)
def test_lists_yield_no_article(body: str) -> None:
    assert article_of(body, "http://example.com/") == NotArticle("http://example.com/", "list")


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("a/1.html", "", "empty"),
        ("a/1.html", "<div id=app></div><script src=/app.js></script>", "shell"),
        ("a/1.html", f"{MENU}<div class=loading>加载中…</div><script>var a = 1</script>", "shell"),
        ("a/1.html", "<p>正在检查您的浏览器，请稍候。</p><script>var t = 1</script>", "shell"),
        ("a/1.html", "<h1>404</h1><p>抱歉，您访问的页面不存在或已被删除。</p>", "not found"),
        ("a/1.html", "<p>您查看的文章已被作者删除，或者链接已失效。</p><script>1</script>", "not found"),
        ("a/1.html", "<p>没有内容。</p>", "too short"),
        ("tags-29316.html", MENU + "<h1>借呗</h1>", "tag page"),
        ("tag/yuqi", MENU + "<h1>借呗</h1>" + teasers("<div class=t><a href=/1>{}</a><p>{}</p></div>"), "tag page"),
        ("?s=借呗", MENU + "<ul>" + teasers("<li><a href=/1>{}</a></li>") + "</ul>", "tag page"),
    ],
)  # fmt: skip
def test_pages_without_an_article_say_why(path: str, body: str, reason: str) -> None:
    assert article_of(body, f"http://example.com/{path}") == NotArticle(f"http://example.com/{path}", reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<?xml version="1.0"?>\n<rss version="2.0"><channel><title>催收，科普。</title></channel></rss>', "feed"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><title>催收，科普。</title></feed>', "feed"),
        ('<?xml version="1.0"?><!-- 一 --><urlset><url><loc>http://a.com/</loc></url></urlset>', "sitemap"),
        ("User-agent: *\nDisallow: /private/\nSitemap: http://a.com/sitemap.xml\n", "not HTML"),
        ('{"code": 0, "data": ["逾期，催收。"]}', "not HTML"),
    ],
)
def test_what_is_no_html_says_so(text: str, reason: str) -> None:
    assert extract(Document("http://a.com/x", text, "utf-8")) == NotArticle("http://a.com/x", reason)


def test_xhtml_is_html() -> None:
    html = f'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html><body>{paragraphs()}</body></html>'
    assert isinstance(extract(Document("", html, "utf-8")), Article)


def test_the_tree_is_left_as_it_is() -> None:
    document = decode(Page("", (PAGES / "own" / "zblog_sticky.html").read_bytes()))
    tree = parse(document.html)
    page, before = elements(tree), tostring(tree)
    assert extract_tree(document, page) == extract_tree(document, page) == extract(document)
    assert tostring(tree) == before


@pytest.mark.parametrize(
    ("title", "beside", "lines"),
    [
        (TITLES[0], MENU * 9, WORDS),
        (TITLES[0], paragraphs(WORDS[:2]), WORDS[:2]),  # there is another text to see
        (TITLES[1], MENU * 9, []),  # the page's title is of something else
    ],
)
def test_an_article_that_a_script_is_to_show_is_seen_where_nothing_else_is(
    title: str, beside: str, lines: list[str]
) -> None:
    head = f"<title>{TITLES[0]}_南城网</title><style>.loading{{display:none}}</style>"
    hidden = f"<div class=loading><h1>{title}</h1><div class=article-body>{paragraphs()}</div></div>"
    got = article_of(f"{beside}{hidden}", head=head)
    seen = [block.text for block in got.blocks if not block.hidden] if isinstance(got, Article) else []
    assert [line for line in seen if line in WORDS] == lines
