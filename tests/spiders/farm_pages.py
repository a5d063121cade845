"""Farms for tests: each with its truth and its bad habits; those with traps are in `trap_pages`."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from opencc import OpenCC

from tests.spiders.scripted import ROBOTS, Answer

_WHO = ["持卡人", "借款人", "刚工作的年轻人", "开小店的夫妻", "担保人", "已经逾期的用户", "外出打工的人", "学生家长"]
WHAT = ["信用卡", "网贷", "消费贷款", "花呗", "借呗", "车贷", "装修分期", "小额借款"]
CAUSES = ["失业", "生意亏本", "家人住院", "忘了还款日", "以贷养贷", "工资晚发", "搬家换了号码", "替别人担保"]
_SENTENCES = [
    "{who}在{what}逾期以后,最先收到的多半是系统发出的短信,里面写着欠款金额和最后还款日期。",
    "如果因为{cause}而暂时还不上,可以先打客服热线说明情况,请求把{what}延期一到两个月。",
    "催收人员来电时要问清姓名、工号和所属公司,通话最好全程录音,以后投诉用得着。",
    "{what}的罚息按日计算,拖得越久,本金之外要付的钱就越多,所以越早协商越主动。",
    "征信报告上的逾期记录会保留五年,从结清欠款的那一天算起,不是从逾期那一天算起。",
    "协商还款之前先把每月的收入和必要开支写下来,{who}最容易犯的错是答应一个做不到的数目。",
    "有人接到自称法务的电话就慌了神,其实真正的起诉要由法院送达传票,不会只发一条短信。",
    "对方若是打给通讯录里的亲友,可以要求其停止,并保留通话记录和截图向监管部门反映。",
    "{cause}并不能免除还款的责任,但可以作为申请个性化分期的理由,最长能分六十期。",
    "第一次协商没有谈成很正常,隔一个星期换一位客服再谈,{who}往往在第三次才得到方案。",
    "债权转让以后,新的债权人要书面通知借款人,没有收到通知之前,钱仍然应当还给原来的机构。",
    "提前准备好收入证明、住院单据或者失业登记,银行看到材料以后,{what}的减免才有得谈。",
    "网上说的停息挂账要收几千元手续费,多半是中介的生意,{who}自己打电话一样可以申请。",
    "逾期不超过三天的,有些机构给宽限期,及时补上就不会上征信,但要以合同的写法为准。",
    "如果已经收到律师函,先核对发函的律所和执业证号,再决定是应诉还是继续谈{what}的分期。",
    "{who}被起诉以后不要不露面,缺席判决对自己最不利,到庭调解常常还能少付一半违约金。",
    "最低还款只是缓一口气,剩下的部分照样计息,{what}用这个办法拖一年,利息会吓人一跳。",
    "家里其他人没有签字就没有义务替{who}还钱,催收对着父母施压是不合规的做法。",
    "还完以后别忘了要一份结清证明,过一个月再查一次征信,看{what}的账户状态改过来没有。",
    "遇到威胁、辱骂或者上门堵人,应当马上报警,并把经过写成材料,向行业协会投诉这家催收公司。",
]
_OTHER = [
    "红烧肉要先用冷水焯过,再下锅煸出油,冰糖炒到枣红色的时候把肉块倒进去翻匀。",
    "周末去郊外看桂花,沿着河堤慢慢走,半天就能绕着老城一圈,路上有几家不错的茶馆。",
    "养兰花最忌盆土太湿,春秋两季五天浇一次,夏天放在屋檐下避开正午的太阳。",
    "新手跑步不要贪快,头一个月每次二十分钟就够,跑完记得拉伸小腿和脚踝。",
    "这款手机的屏幕在阳光下依旧看得清,拍夜景时噪点不多,只是充电头要另外买。",
    "主队在下半场连进两球,守门员扑出一个点球,看台上的球迷唱到散场还不愿意走。",
]
_LATIN = {"問": "wèn", "題": "tí", "還": "huán", "錢": "qián", "網": "wǎng", "貸": "dài"}


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class TestFarm:
    """What one server answers, and what a crawl of it must find."""

    __test__ = False
    name: str
    answer: Callable[[str], Answer | None]
    articles: dict[str, Text] = field(default_factory=dict)  # path -> the text that must be found there
    trap: re.Pattern[str] = re.compile("(?!)")
    forbidden: re.Pattern[str] = re.compile("(?!)")
    url: str = ""  # of the server, which the answers may need


def texts(count: int, seed: str) -> list[Text]:
    """Articles on the topic, all different."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        words = {"who": _WHO[number % 8], "what": WHAT[number // 8 % 8], "cause": chance.choice(CAUSES)}
        title = "{who}的{what}因{cause}逾期了怎么办".format(**words) + f"?第{number + 1}问"
        lines = [sentence.format(**words) for sentence in chance.sample(_SENTENCES, chance.randint(7, 12))]
        found.append(Text(title, tuple(f"{a}{b}" for a, b in zip(lines, chance.sample(lines[::-1], len(lines))))))  # noqa: B905
    return found


def off_topic(count: int, seed: str) -> list[Text]:
    chance = random.Random(seed)
    return [
        Text(f"生活随笔第{n + 1}篇", tuple("".join(chance.sample(_OTHER, 3)) + f"这是第{n}天。" for _ in range(4)))
        for n in range(count)
    ]


def html(title: str, body: str, charset: str = "utf-8", codec: str = "", head: str = "", status: int = 200) -> Answer:
    text = (
        f'<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
        f"<title>{title}</title>{head}</head><body>{body}</body></html>"
    )
    return Answer(text.encode(codec or "utf-8", "replace"), status, {"Content-Type": "text/html"})


def anchors(links: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<li><a href="{escape(href)}">{escape(words)}</a></li>' for href, words in links)


def article(text: Text, below: str = "", tag: str = "p", name: str = "content") -> str:
    paragraphs = "".join(f"<{tag}>{escape(line)}</{tag}>" for line in text.lines)
    return f'<h1>{text.title}</h1><div class="{name}">{paragraphs}</div><div class="side"><ul>{below}</ul></div>'


def pager(numbers: Sequence[int], form: str) -> str:
    return f'<div class="pages">{anchors([(form.format(n), str(n)) for n in numbers])}</div>'


def only_in_the_sitemap() -> TestFarm:
    """A home page of a single script; robots.txt names an index of zipped sitemaps."""
    known = {f"/zx/{51000 + 37 * n}.html": text for n, text in enumerate(texts(24, "sitemap"))}

    def answer(path: str) -> Answer | None:
        if path == ROBOTS:
            return Answer(f"User-agent: *\nAllow: /\nSitemap: {farm.url}/maps.xml\n")
        if path == "/maps.xml":
            one = "".join(f"<sitemap><loc>{farm.url}/map-{n}.xml.gz</loc></sitemap>" for n in (1, 2))
            return Answer(f"<sitemapindex>{one}</sitemapindex>", headers={"Content-Type": "text/xml"})
        if path in ("/map-1.xml.gz", "/map-2.xml.gz"):
            half = list(known)[path == "/map-2.xml.gz" :: 2]
            body = "".join(f"<url><loc>{farm.url}{one}</loc></url>" for one in half)
            packed = gzip.compress(f"<urlset>{body}</urlset>".encode())
            return Answer(packed, headers={"Content-Type": "application/octet-stream"})
        if path == "/":
            return html("资讯", '<div id="app"></div><script src="/app.js"></script>')
        return html(known[path].title, article(known[path])) if path in known else None

    farm = TestFarm("sitemap", answer, known)
    return farm


def paginated_gbk() -> TestFarm:
    """DedeCMS: GBK that says gb2312, lists over many pages, long articles split over two."""
    written = texts(42, "gbk")
    known = {f"/xyk/2023{n % 12 + 1:02}/{8800 + n}.html": text for n, text in enumerate(written)}
    strays = {f"/shenghuo/202301/{100 + n}.html": text for n, text in enumerate(off_topic(6, "gbk"))}
    paths = list(known)

    def answer(path: str) -> Answer | None:
        def page(title: str, body: str) -> Answer:
            menu = anchors([("/", "首页"), ("/xyk/", "信用卡逾期"), ("/shenghuo/", "生活")])
            return html(title, f"<ul>{menu}</ul>{body}", "gb2312", "gbk")

        if path == "/":
            return page("逾期之家", "欢迎")
        if path == "/shenghuo/":
            return page("生活", f"<ul>{anchors([(one, text.title) for one, text in strays.items()])}</ul>")
        if match := re.fullmatch(r"/xyk/(?:list_7_(\d+)\.html)?", path):
            number = int(match[1] or 1)
            some = paths[6 * (number - 1) : 6 * number]
            if not some:
                return None
            items = anchors([(one, known[one].title) for one in some])
            return page(f"信用卡 第{number}页", f"<ul>{items}</ul>{pager([number + 1], 'list_7_{}.html')}")
        if path in strays:
            return page(strays[path].title, article(strays[path]))
        first = path.replace("_2.html", ".html")
        if first not in known:
            return None
        place = paths.index(first)
        text = known[first]
        around = f'<div>上一篇:<a href="{paths[place - 1]}">{known[paths[place - 1]].title}</a></div>'
        if place % 5:
            return page(text.title, article(text) + around) if path == first else None
        half = len(text.lines) // 2
        lines = text.lines[:half] if path == first else text.lines[half:]
        name = first.rpartition("/")[2]
        parts = f'<div class="pages"><a href="{name}">1</a><a href="{name.replace(".", "_2.")}">2</a></div>'
        return page(text.title, article(Text(text.title, lines)) + parts + around)

    return TestFarm("gbk", answer, known)


def disguised_traditional() -> TestFarm:
    """Traditional script, with readings left behind by a converter; ids that are not numbers."""
    convert = OpenCC("s2t").convert
    chance = random.Random("ids")
    known = {}
    for text in texts(24, "hant"):
        name = "".join(chance.choices("abcdefghijkmnpqrstuvwxyz0123456789", k=10))
        known[f"/rd/{name}.html"] = Text(convert(text.title), tuple(map(convert, text.lines)))
    paths = list(known)

    def disguise(line: str) -> str:
        return "".join(c + (f"({_LATIN[c]})" if c in _LATIN else "") for c in line)

    def answer(path: str) -> Answer | None:
        if path == "/":
            return html("債務科普", f"<ul>{anchors([(one, known[one].title) for one in paths[:8]])}</ul>")
        if path not in known:
            return None
        place = paths.index(path)
        related = [paths[(place + step) % len(paths)] for step in (1, 5, 7)]
        shown = Text(known[path].title, tuple(map(disguise, known[path].lines)))
        below = anchors([(one, known[one].title) for one in related])
        return html(shown.title, article(shown, f"<h4>相關推薦</h4>{below}", "div"))

    return TestFarm("hant", answer, known)


def forbidding() -> TestFarm:
    """WordPress with paths that robots.txt forbids, and a Crawl-delay."""
    known = {f"/archives/{300 + 7 * n}": text for n, text in enumerate(texts(8, "robots"))}

    def answer(path: str) -> Answer | None:
        if path == ROBOTS:
            return Answer("User-agent: *\nCrawl-delay: 0.3\nDisallow: /wp-admin/\nDisallow: /*?replytocom=\n")
        links = [("/wp-admin/", "登录"), *((one, text.title) for one, text in known.items())]
        if path == "/":
            return html("法务", f"<ul>{anchors(links)}</ul>")
        if path in known:
            reply = anchors([(f"{path}?replytocom={n}", "回复") for n in range(5)])
            return html(known[path].title, article(known[path], reply))
        return html("后台", "<p>不该来的地方</p>") if path.startswith("/wp-admin") else None

    return TestFarm("robots", answer, known, forbidden=re.compile(r"/wp-admin|replytocom"))


def everything_wrong() -> TestFarm:
    """Every page of this site has something the matter with it; four of them are articles all the same."""
    one, two, three, four = texts(4, "wrong")
    known = {"/a/nul.html": one, "/a/lying.html": two, "/a/script.html": three, "/a/good.html": four}
    bomb = gzip.compress(bytes(40_000_000), 9)
    large = html("很长的一页", "<p>" + "逾期催收。" * 1_200_000 + "</p>").body
    deep = html("很深的一页", "<div>" * 60_000 + "逾期" + "</div>" * 60_000).body
    page = {"Content-Type": "text/html; charset=utf-8"}
    odd = {
        "/500": Answer("坏了", 500),
        "/slow": Answer("慢" * 3000, headers=page, drip=0.05),
        "/cut": Answer("<html><p>断了", headers=page, promised=5000),
        "/loop/a": Answer(status=302, headers={"Location": "/loop/b"}),
        "/loop/b": Answer(status=302, headers={"Location": "/loop/a"}),
        "/meta": Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        "/bomb": Answer(bomb, headers={**page, "Content-Encoding": "gzip"}),
        "/badgzip": Answer(b"\x1f\x8b" + b"nonsense" * 99, headers={**page, "Content-Encoding": "gzip"}),
        "/large": Answer(large, headers=page),
        "/deep": Answer(deep, headers=page),
        "/file": Answer(b"%PDF-1.4\n" + bytes(range(256)) * 50, headers={"Content-Type": "application/pdf"}),
        "/claims": Answer(b"%PDF-1.4\n" + bytes(range(256)) * 50, headers=page),
        "/empty": Answer(b"", headers=page),
        "/nowhere": Answer(status=301, headers={"Location": "http://[bad"}),
    }

    def answer(path: str) -> Answer | None:
        if path == "/":
            links = [(one, "信用卡逾期") for one in (*odd, *known)]
            bad = [("http://[bad", "坏"), ("http://", "空"), ("//", "空"), ("javascript:alert(1)", "x"), ("\x00", "x")]
            links += [*bad, ("http://169.254.169.254/", "内"), ("ftp://127.0.0.1/x", "x"), ("http://127.0.0.1:1/", "x")]
            return html("坏站", f"<ul>{anchors(links)}</ul>")
        if path == "/a/nul.html":
            whole = html(one.title, article(one))
            assert isinstance(whole.body, bytes)
            return Answer(whole.body.replace("。".encode(), "。\x00".encode()), headers=page)
        if path == "/a/lying.html":
            return html(two.title, article(two), "gb2312")
        if path == "/a/script.html":
            return html(f"<script>alert(1)</script>{three.title}", article(three))
        if path == "/a/good.html":
            return html(four.title, article(four))
        return odd.get(path)

    return TestFarm("wrong", answer, known, forbidden=re.compile(r"169\.254"))
