"""Farms with traps, for tests: endless calendars and tags, ids that always answer, paths that go round in circles."""

from __future__ import annotations

import random
import re
from urllib.parse import parse_qs, quote, urlsplit

from tests.spiders.farm_pages import CAUSES, WHAT, TestFarm, Text, anchors, article, html, pager, texts
from tests.spiders.scripted import Answer


def endless_calendar_and_tags() -> TestFarm:
    """Z-Blog: a calendar without an end on every page, tags that nobody wrote anything under."""
    known = {f"/post/{26600 + n}.html": text for n, text in enumerate(texts(30, "calendar"))}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        chance = random.Random(path)

        def page(title: str, body: str, year: int = 2024, month: int = 3) -> Answer:
            after = (year + month // 12, month % 12 + 1)
            days = [(f"/cal/{year}/{month:02}/{day:02}/", str(day)) for day in range(1, 29)]
            links = [("/", "首页"), ("/list/1", "全部文章"), *days, (f"/cal/{after[0]}/{after[1]:02}/", "下月")]
            own = urlsplit(path).path
            links += [(f"{own}?month={after[1]:02}&year={after[0]}", "»"), (f"{own}?year={year - 1}&month=12", "«")]
            links += [(f"/tags-{chance.randrange(10**5)}", chance.choice(["逾期", "征信", "热点"])) for _ in range(12)]
            links += [(f"/ss/{chance.randbytes(32).hex()}.html", "网贷催收") for _ in range(4)]
            links += [(f"/go/{quote(chance.choice(WHAT) + chance.choice(CAUSES))}.html", "信用卡") for _ in range(4)]
            return html(title, f"{body}<ul>{anchors(links)}</ul>")

        parts = urlsplit(path)
        query = parse_qs(parts.query)
        year, month = int(query.get("year", ["2024"])[0]), int(query.get("month", ["3"])[0])
        if parts.path == "/":
            return page("博客", f"<ul>{anchors([(one, known[one].title) for one in paths[-5:]])}</ul>", year, month)
        if match := re.fullmatch(r"/list/(\d+)", parts.path):
            number = int(match[1])
            items = anchors([(one, known[one].title) for one in paths[5 * number - 5 : 5 * number]])
            return page(f"第{number}页", f"<ul>{items}</ul>{pager([1, number + 1], '/list/{}')}") if items else None
        if parts.path in known:
            return page(known[parts.path].title, article(known[parts.path]), year, month)
        if match := re.match(r"/cal/(\d+)/(\d+)/", parts.path):
            return page("日历", "<h1>这一天没有文章</h1>", int(match[1]), int(match[2]))
        if re.match(r"/(tags-|ss/|go/)", parts.path):
            return page("标签", "<h1>标签</h1>")
        return None

    return TestFarm("calendar", answer, known, re.compile(r"/cal/|/tags-|/ss/|/go/|[?&]year="))


def any_id_will_do() -> TestFarm:
    """PbootCMS: /show?id=N answers 200 whatever N is, some with an article, most with one and the same text."""
    written = texts(40, "ids")
    chance = random.Random("show")
    known = {f"/show?id={number}": text for number, text in zip(chance.sample(range(900), 40), written, strict=True)}
    paths = list(known)
    missing = Text("信用卡逾期专题", texts(1, "missing")[0].lines)

    def answer(path: str) -> Answer | None:
        draw = random.Random(path)
        guess = [(f"/show?id={draw.randrange(1000, 10**7)}", "信用卡逾期了怎么办") for _ in range(6)]
        guess += [(f"/show?id={draw.randrange(1000, 10**7)}", f"猜你喜欢{n}") for n in range(6)]
        if path == "/":
            return html("债务问答", f"<ul>{anchors([('/list?p=1', '全部'), *guess])}</ul>")
        if match := re.fullmatch(r"/list\?p=(\d+)", path):
            some = paths[8 * int(match[1]) - 8 : 8 * int(match[1])]
            # Nothing in the words of these links says what they lead to.
            items = [*guess, *((one, f"第{one[9:]}号") for one in some), (f"/list?p={int(match[1]) + 1}", "下一页")]
            return html("列表", f"<ul>{anchors(items)}</ul>") if some else None
        if path.startswith("/show?id="):
            text = known.get(path, missing)
            return html(text.title, article(text, anchors(guess)))
        return None

    return TestFarm("ids", answer, known, re.compile(r"/show\?id=\d{4,}"))


def slugs_and_loops() -> TestFarm:
    """Slugs for articles at the root, beside a relative link that goes round in circles and parameters in any order."""
    chance = random.Random("slugs")
    words = ["yuqi", "zenme", "huankuan", "xieshang", "cuishou", "zhengxin", "daikuan", "fenqi", "susong", "lilv"]
    written = texts(30, "slugs")
    names = [f"{a}-{b}" for a in words for b in words if a != b]
    known = {f"/{name}/": text for name, text in zip(chance.sample(names, 30), written, strict=True)}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        parts = urlsplit(path)
        draw = random.Random(path)
        sort = [(f"/category/?{draw.choice(['order', 'sort'])}={draw.randrange(99)}&v={draw.random()}", "排序")]
        loop = [("more/pages/", "更多"), *sort]
        if path == "/":
            return html("还款协商", f"<ul>{anchors([('/category/', '文章'), *loop])}</ul>")
        if parts.path == "/category/":
            number = int(parse_qs(parts.query).get("page", ["1"])[0])
            some = paths[7 * number - 7 : 7 * number]
            items = [*((one, known[one].title) for one in some), (f"/category/?page={number + 1}", "下一页"), *loop]
            return html("文章", f"<ul>{anchors(items)}</ul>") if some else None
        if path in known:
            return html(known[path].title, article(known[path], anchors(loop)))
        if "more/pages/" in path:
            return html("更多", f"<p>没有更多了</p><ul>{anchors(loop)}</ul>")
        return None

    return TestFarm("slugs", answer, known, re.compile(r"more/pages|[?&]v="))


def found_by_the_day() -> TestFarm:
    """Articles that only the days of an archive lead to, whose months go on after the last one and before the first."""
    known: dict[str, Text] = {}
    days: dict[str, list[str]] = {}
    for number, text in enumerate(texts(36, "days")):
        month = f"/{2022 + number // 24}/{number // 2 % 12 + 1:02}/"
        path = f"{month}{5 + 9 * (number % 2):02}/post-{number}/"
        known[path] = text
        days.setdefault(month, []).append(path.rpartition("post-")[0])

    def answer(path: str) -> Answer | None:
        if path == "/":
            return html("还款日记", f"<ul>{anchors([('/2023/04/', '存档')])}</ul>")
        if match := re.fullmatch(r"/(\d{4})/(\d\d)/", path):
            year, month = int(match[1]), int(match[2])
            after, before = (
                f"/{year + month // 12}/{month % 12 + 1:02}/",
                f"/{year - (month == 1)}/{(month - 2) % 12 + 1:02}/",
            )
            links = [(after, "下月"), (before, "上月"), *((day, day[-3:-1]) for day in days.get(path, []))]
            return html("存档", f"<ul>{anchors(links)}</ul>")
        if path in known:
            return html(known[path].title, article(known[path]))
        some = [(one, text.title) for one, text in known.items() if one.startswith(path)]
        return html("存档", f"<ul>{anchors(some)}</ul>") if some else None

    return TestFarm("days", answer, known, re.compile(r"^/(?!202[23])\d+/\d+/$"))


def words_for_everything() -> TestFarm:
    """Articles and endless tags side by side at the root, their addresses random words alike."""
    chance = random.Random("words")
    written = texts(30, "words")

    def word(chance: random.Random) -> str:
        return "/" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) + ".html"

    known = {word(chance): text for text in written}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        draw = random.Random(path)
        tags = anchors([(word(draw), draw.choice(["热点", "征信", "网贷"])) for _ in range(10)])
        number = 1 if path == "/" else int(path[3:]) if re.fullmatch(r"/p/\d{1,2}", path) else 0
        if number:
            items = [
                *((one, known[one].title) for one in paths[8 * number - 8 : 8 * number]),
                (f"/p/{number + 1}", "下一页"),
            ]
            return html("债务", f"<ul>{anchors(items)}{tags}</ul>") if len(items) > 1 else None
        if path in known:
            return html(known[path].title, article(known[path], tags))
        return html("标签", f"<h1>标签</h1><ul>{tags}</ul>") if re.fullmatch(r"/[a-z]{7}\.html", path) else None

    real = "|".join(re.escape(path) for path in paths)
    return TestFarm("words", answer, known, re.compile(rf"^(?!(?:{real})$)/[a-z]{{7}}\.html$"))


def questions_beside_soft_404s() -> TestFarm:
    """Each page asks six questions that were never answered; only lists lead to those that were."""
    chance = random.Random("questions")
    known = {f"/wenda/{n}.html": text for n, text in zip(chance.sample(range(10**5, 10**6), 28), texts(28, "wenda"))}  # noqa: B905
    paths = list(known)

    def answer(path: str) -> Answer | None:
        draw = random.Random(path)
        asked = [(f"/wenda/{draw.randrange(10**6, 10**7)}.html", f"{draw.choice(WHAT)}逾期了怎么办") for _ in range(6)]

        def page(title: str, body: str) -> Answer:
            menu = anchors([("/", "首页"), ("/wenda/", "全部问答")])
            return html(title, f"<ul>{menu}</ul>{body}<h3>大家都在问</h3><ul>{anchors(asked)}</ul>")

        if path == "/":
            return page("问答", "")
        if match := re.fullmatch(r"/wenda/(?:\?page=(\d+))?", path):
            number = int(match[1] or 1)
            some = anchors([(one, known[one].title) for one in paths[7 * number - 7 : 7 * number]])
            return page("问答", f"<ul>{some or '暂无数据'}</ul>{pager([number + 1], '/wenda/?page={}')}")
        if path in known:
            return page(known[path].title, article(known[path]))
        return page("提示", f"<h1>您访问的内容不存在或已被删除</h1><p>请返回首页,编号{draw.randrange(10**6)}</p>")

    return TestFarm("wenda", answer, known, re.compile(r"/wenda/\d{7}|page=(?:[6-9]|\d\d)"))


def made_for_any_address() -> TestFarm:
    """Beside its articles the farm has a page for any number: one text, with that number and a cause put in."""
    known = {f"/news/2024/{n:04}.html": text for n, text in enumerate(texts(30, "made"))}
    paths, [template] = list(known), texts(1, "template")

    def answer(path: str) -> Answer | None:
        draw = random.Random(path)
        keys = anchors(
            [(f"/key/{draw.randrange(10**7, 10**8)}.html", f"{draw.choice(CAUSES)}怎么办") for _ in range(8)]
        )
        if match := re.fullmatch(r"/(?:news/index_(\d+)\.html)?", path):
            number = int(match[1] or 1)
            some = anchors([(one, known[one].title) for one in paths[6 * number - 6 : 6 * number]])
            return html("资讯", f"<ul>{some}</ul>{pager([number + 1], '/news/index_{}.html')}{keys}") if some else None
        if match := re.fullmatch(r"/key/(\d+)\.html", path):
            lines = (f"关于{draw.choice(CAUSES)}{match[1]},下面为大家整理。", *template.lines)
            return html(f"{match[1]}怎么办", article(Text(f"{match[1]}怎么办", lines), keys))
        return html(known[path].title, article(known[path], keys)) if path in known else None

    return TestFarm("made", answer, known, re.compile("/key/"))


def empty_categories_and_frames() -> TestFarm:
    """Most categories of the home page are empty; of two others one is a frameset, one sends its readers on."""
    known = {f"/view/{n}.shtml": text for n, text in enumerate(texts(24, "frames"))}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        if path == "/":
            return html("首页", anchors([(f"cat/{n}.shtml", f"第{n}类") for n in range(36)]))
        if path == "/cat/7.shtml":
            return html("分类", "正在跳转", head="<meta http-equiv=Refresh content=\"0; URL='/list/even.shtml'\">")
        if path == "/cat/21.shtml":
            return Answer("<html><frameset cols=20%,80%><frame src=no.shtml><frame src=../list/odd.shtml></frameset>")
        if path in ("/list/even.shtml", "/list/odd.shtml"):
            some = paths[path == "/list/odd.shtml" :: 2]
            return html("分类", f"<ul>{anchors([(one, known[one].title) for one in some])}</ul>")
        if path in known:
            return html(known[path].title, article(known[path]))
        return html("分类", "<p>该分类下没有文章</p>") if path.startswith("/cat/") else None

    return TestFarm("frames", answer, known)


def made_from_stock() -> TestFarm:
    """Any number is an article, made up from a stock of sentences with a name and a number put in; a list names 14."""
    stock = texts(12, "stock")
    lines = [line for text in stock for line in text.lines]
    listed = random.Random("stock").sample(range(10_000), 14)

    def made(number: int) -> Text:
        draw = random.Random(number)
        some = [f"{line}{draw.choice(WHAT)}{number}号。" for line in draw.sample(lines, 6)]
        return Text(f"{draw.choice(WHAT)}{draw.choice(CAUSES)}怎么办{number}", tuple(some))

    known = {f"/show?id={number}": made(number) for number in listed}

    def answer(path: str) -> Answer | None:
        if path == "/":
            return html("问答", f"<ul>{anchors([(one, text.title) for one, text in known.items()])}</ul>")
        if match := re.fullmatch(r"/show\?id=(\d+)", path):
            draw = random.Random(path)
            others = [(f"/show?id={draw.randrange(10**4, 10**8)}", f"{draw.choice(WHAT)}怎么办") for _ in range(3)]
            others += [(f"/show?id={draw.randrange(10**4, 10**8)}", f"换一篇{n}") for n in range(3)]
            return html(made(int(match[1])).title, article(made(int(match[1])), anchors(others)))
        return None

    return TestFarm("stock", answer, known, re.compile(r"/show\?id=\d{5}"))


def along_a_chain() -> TestFarm:
    """Only the next article's link leads to an article, and all are put together from a few sentences."""
    known = {f"/a/{1000 + 7 * n}.html": text for n, text in enumerate(texts(45, "chain"))}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        if path == "/":
            return html("首页", f"<ul>{anchors([(paths[0], known[paths[0]].title)])}</ul>")
        if path in known:
            after = paths[paths.index(path) + 1 :][:1]
            return html(known[path].title, article(known[path], anchors([(one, "下一篇") for one in after])))
        return None

    return TestFarm("chain", answer, known)


def forum() -> TestFarm:
    """Discuz: threads of four pages under two kinds of address, each post with links to answer and to its author."""
    written = dict(enumerate(texts(12, "forum"), 101))
    known = {f"/thread-{number}-1-1.html": text for number, text in written.items()}

    def post(number: int, floor: int, said: str) -> str:
        tid = f"forum.php?mod=viewthread&tid={number}"
        links = [
            (f"forum.php?mod=post&action=reply&fid=2&tid={number}&repquote={floor}", "回复"),
            (f"home.php?mod=space&uid={floor}{number}", f"网友{floor}"),
            (f"{tid}&authorid={floor}", "只看该作者"),
            (f"forum.php?mod=redirect&goto=findpost&ptid={number}&pid={floor}", f"{floor}楼"),
            (f"{tid}&extra=page%3D1&ordertype=1", "倒序浏览"),
            (f"forum.php?mod=misc&action=rate&tid={number}&pid={floor}", "评分"),
        ]
        head = f'<div class="authi">发表于 2024-3-{floor % 27 + 1} 10:00</div><ul>{anchors(links)}</ul>'
        cell = f'<table><tr><td class="t_f" id="postmessage_{floor}">{said}</td></tr></table>'
        return f'<div id="post_{floor}">{head}<div class="t_fsz">{cell}</div></div>'

    def thread(number: int, page: int) -> Answer:
        text = written[number]
        others = [f"我也是这样,谢谢楼主分享,{draw}号网友说的办法我试过,{text.lines[0][:20]}" for draw in range(4)]
        posts = ["<br>".join(text.lines), *others] if page == 1 else others
        body = "".join(post(number, 10 * page + place, said) for place, said in enumerate(posts))
        pages = anchors([(f"thread-{number}-{other}-1.html", str(other)) for other in range(1, 5) if other != page])
        return html(f"{text.title} - 还债论坛", f"<h1>{text.title}</h1><div id=postlist>{body}</div><div>{pages}</div>")

    def answer(path: str) -> Answer | None:
        if path in ("/", "/forum-2-1.html"):
            rows = [
                f"<tr><th>{anchors([(f'thread-{number}-1-1.html', text.title), (f'thread-{number}-2-1.html', '2')])}"
                for number, text in written.items()
            ]
            return html("还债论坛", f"<a href=/forum-2-1.html>催收交流</a><table>{''.join(rows)}</table>")
        if match := re.fullmatch(r"/thread-(\d+)-([1-4])-1\.html", path):
            return thread(int(match[1]), int(match[2]))
        if match := re.search(r"mod=viewthread.*?tid=(\d+)", path):
            return thread(int(match[1]), 1)
        return html("提示信息", "<p>您需要登录才可以继续本操作</p>") if ".php" in path else None

    return TestFarm("forum", answer, known)
