"""The forms that phone, QQ, WeChat, e-mail and ICP numbers take on pages, and what looks like them and is none.

A contact needs more than its own letters: to be plainly a number that is dialled (a mobile number, a landline with its
area code), or a label before it (微信, QQ, 电话). What counts, dates, versions or orders something is no contact:
微信iPhone15版, 订单号13900000000, 139.5/140.2, IMG_20240315.jpg (`contact_lookalikes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chaffinch.items import ContactKind as Kind
from chaffinch.text.contacts.disguises import PLAIN, SPOKEN
from chaffinch.text.contacts.lookalikes import (
    DATE,
    SOFTWARE,
    UNIT_BEHIND,
    VERSION_BEHIND,
    counts_or_names,
    public_service,
)

Span = tuple[int, int, Kind, str]  # start, end, kind, normalised


# ---- sieves: two patterns let most lines pass at the price of a glance ----

_NUMERALS = r"[一壹][ \-]?[三叁四肆五伍六陆七柒八捌九玖](?:[ \-]?[零〇○一壹二贰两三叁四肆五伍六陆七柒八捌九玖]){3}"
_HINT = re.compile(
    r"[0-9０-９①-⑳⑴-⒛⓪⓵-⓿❶-➒\U0001d7ce-\U0001d7ff@＠#＃%％幺零〇qQｑＱvVｖＶⓥwWｗＷⓦ薇]"
    r"|[微威卫徽][^一-龥]{0,3}[信:：A-Za-z]|微信|卫星号|扣[扣号群:：\s]|企鹅|公[众眾]|公网|公網|艾特|群[号號:：\s]|[加进進入]群"
    rf"|[aA][tT] ?[\])）】}}]| at |{_NUMERALS}"
)


def may_hold(text: str) -> bool:
    """Whether `find` is worth its time on a line."""
    return _HINT.search(text) is not None or (text.isascii() and _BARE_NAME.fullmatch(text) is not None)


_CANDIDATE = re.compile(
    rf"[0-9][0-9 \-·.+()_/*~,|\u20e3]{{3}}|[@#幺零〇○]|%40|公网安|{_NUMERALS}|[oO]{{2}}[0-9]"
    r"|icp|q|v ?[x信:❤]|[加+]v|v[0-9a-z]{5}|w[xe]|(?:[\[({] ?at|at ?[\])}])| at "
    r"|艾特|[微薇威卫徽]|公众号|扣|企鹅|群|B[12]-",
    re.IGNORECASE,
)

# ---- e-mail ----

_TLD = (
    r"(?:com|cn|net|org|cc|vip|top|info|me|hk|tw|edu|gov|io|xyz|co|us|club|site|online|email|fm|la|tv|asia|biz|work|shop|dev|app"
    r"|de|ru|jp|uk|fr|au|ca|sg|my|kr|it|eu|in)"
)
_AT = r"(?:[@]{1,2}|%40|[\[({] ?(?:at|@|#|a) ?[\])}]|艾特)"
_DOT = r"(?:[.。]|[\[({] ?(?:dot|点|\.) ?[\])}]|(?<=[a-z0-9])点(?=[a-z]))"
_LOCAL = r"(?<![A-Za-z0-9._%+\-])(?:[A-Za-z0-9][A-Za-z0-9._+\-]{0,63}|[0-9]{1,6}(?: [0-9]{1,6}){1,4})"
_HOST = r"[A-Za-z0-9\-]{1,40}"
_MAIL_FORMS = (
    # Any domain where nothing is spaced; pictures are named foo@2x.png.
    rf"{_LOCAL}\s?{_AT}\s?{_HOST}(?:{_DOT}[A-Za-z0-9\-]{{1,30}}){{0,3}}{_DOT}"
    r"(?!(?:png|jpe?g|gif|svg|webp|css|js|min)(?![a-z]))[A-Za-z]{2,18}",
    rf"{_LOCAL}\s?{_AT}\s?{_HOST}(?: ?{_DOT} ?[A-Za-z0-9\-]{{1,30}}){{0,3}} ?{_DOT} ?{_TLD}"
    r"(?:[.。](?:cn|hk|tw|jp|uk|au))?",
    rf"(?<![/\w.])[A-Za-z0-9][A-Za-z0-9._+\-]{{2,63}} ?# ?{_HOST}(?: ?[.。] ?[A-Za-z0-9\-]{{1,30}}){{0,3}}"
    rf" ?[.。] ?{_TLD}",
    rf"{_LOCAL} at (?:[a-z0-9\-]{{1,40}} dot |(?:gmail|qq|163|126|outlook|hotmail|sina|yahoo|foxmail) ?[.。] ?){_TLD}"
    r"(?: dot (?:cn|hk|jp|uk))?",
)
_MAIL = re.compile("|".join(f"(?:{form})(?![A-Za-z0-9])" for form in _MAIL_FORMS), re.IGNORECASE)

# ---- ICP ----

_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ICP = re.compile(
    rf"[{_PROVINCE}]\s?ICP\s?[备证]案?\s?字?(?:第|B[0-9]?-)?\s?[0-9]{{5,14}}\s?号?(?:\s?-\s?[0-9]{{1,3}})?"
    rf"|[{_PROVINCE}]\s?公网安备\s?第?\s?[0-9]{{8,16}}\s?号?"
    rf"|[{_PROVINCE}]B[12]-(?:19|20)[0-9]{{6}}(?:-[0-9]{{1,3}})?"
    r"|ICP\s?[备证](?:案号)?[: ]{0,2}[0-9]{6,10}\s?号?(?:-[0-9]{1,3})?",
    re.IGNORECASE,
)

# ---- QQ ----

_QQ = re.compile(
    r"(?:(?<![A-Za-z])q ?q|扣扣|企鹅|(?<![A-Za-z])q(?=[号群:❤]|\s[1-9][0-9]{6})|(?<=[加+])q"
    r"|扣(?=[号群:]|\s?[1-9][0-9]{6}))"
    r"(?:群|客服|咨询|交流|在线|联系|站长|邮箱|号码|号|/?(?:微信|wx|vx)|❤){0,3}"
    r"(?:同号)?(?P<sep>(?:[:\s\[(]|是|为|即){0,4})(?P<id>[0-9](?:[ \-]?[0-9]){4,11})(?![0-9])",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"(?:(?:加|进|入|交流|咨询|学习|互助|q)群号?码?[:\s\[(是为]{0,4}|群(?:号码?)?\s?[:\[(是为]\s?|群号码?\s?)"
    r"(?P<id>[0-9](?:[ \-]?[0-9]){5,10})(?![0-9])",
    re.IGNORECASE,
)

# ---- WeChat ----

_WECHAT_LABEL = (
    r"(?:(?P<strong>微[ ❤]?信|薇❤?信|威❤?信|卫信|徽信|卫星号|weixin|wechat|(?<![A-Za-z])(?:v ?x|wx|v信)"
    r"(?![A-Za-z][a-z]{3})|[加+]\s?(?:v(?![A-Za-z])|v(?=[a-z]{2,15}[0-9])|[微薇威徽卫](?!信)))"
    r"|(?P<public>(?:微信)?公众号)"
    r"|(?P<weak>(?:(?<![A-Za-z0-9])v|[微薇威徽]❤?)(?=\s?[:❤]|(?<=❤))|(?<![A-Za-z一-鿿])薇(?=\s)))"
)
_WECHAT = re.compile(
    rf"{_WECHAT_LABEL}"
    r"(?P<more>(?:公众号|公号|号码|账号|客服|咨询|中?搜索?|号|\s?id(?![a-z])|同号|\(?同?(?:qq|电话|手机)(?:同号)?\)?"
    r"|/(?:qq|电话|手机)|❤){0,3})"
    r"(?P<sep>(?:[:\s\[(“\"「❤]|是|为){0,4})"
    r"(?P<id>[A-Za-z][A-Za-z0-9_\-]{5,19}|\(?[0-9](?:[ \-]?[0-9)]){5,12})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_WECHAT_ID = re.compile(
    r"\( ?(?:微信)?ID ?: ?([A-Za-z0-9][A-Za-z0-9_\-]{4,19}) ?\)(?=.{0,8}(?:公众号|微信))", re.IGNORECASE
)
_ASKED = re.compile(r"(?:加|添|搜|联系|咨询|客服|老师|经理|律师|扫|关注)[^,。;!?]{0,6}$")
_ENDS = re.compile(
    r"\s?(?:$|[,。;!?、)\]】”」|/]|了解|咨询|详|备注|进群|领|拉|即|免费|获|看|报|为你|帮|说|全天|在线|随时|添加|加|好友"
    r"|\s|【|（)"
)
_STOPS = re.compile(r"\s?(?:$|[,。;!?、)\]])")
_SYLLABLE = (
    r"(?:[bpmfdtnlgkhjqxrzcsyw]|zh|ch|sh)?(?:a[io]?|ang?|e[inr]?|eng|i[aeu]?|iang?|iao|ing?|iong|ong?|ou?|u[aieo]?"
    r"|uang?|uai|ve?)"
)
_PINYIN = re.compile(rf"{_SYLLABLE}(?:{_SYLLABLE}){{1,4}}", re.IGNORECASE)


def _is_wechat(m: re.Match[str], plain: str) -> bool:
    """Whether what follows the label is an ID: what is unlike one needs a plainer label."""
    id, sep, more = m["id"], m["sep"], m["more"]
    spelled = bool(sep.strip()) or "❤" in m[0]  # a colon, a bracket, 是
    if m["weak"] and not spelled and not (m["weak"] == "薇" and re.search(r"[0-9_]", id)):
        return False
    if id[0] in "(0123456789":
        return _is_wechat_number(m, plain, spelled)
    mixed = re.search(r"[0-9_]", id) is not None
    word = SOFTWARE.fullmatch(id.rstrip("0123456789_-")) if spelled and mixed else SOFTWARE.match(id)
    if word or VERSION_BEHIND.match(plain, m.end()):
        return False
    if m["public"]:
        return spelled or (mixed and bool(sep) and _ENDS.match(plain, m.end()) is not None)
    if mixed:
        return True
    if spelled:
        return not (m["weak"] and id[0].isupper()) and re.search(r"[A-Z][a-z]+$", id) is None
    alone = re.search(r"(?:^|[,。;!?、:)\]\s])$", plain[: m.start()]) is not None
    called = "号" in more or "id" in more.lower() or (bool(sep) and alone and _STOPS.match(plain, m.end()) is not None)
    if called and id == id.lower():
        return bool(sep) or _PINYIN.fullmatch(id) is not None
    return (
        id == id.lower()
        and (_PINYIN.fullmatch(id) is not None or _ASKED.search(plain, max(0, m.start() - 12), m.start()) is not None)
        and _ENDS.match(plain, m.end()) is not None
    )


def _is_wechat_number(m: re.Match[str], plain: str, spelled: bool) -> bool:
    number = _digits(m["id"])
    mobile = re.fullmatch(r"1[3-9][0-9]{9}", number) is not None
    if DATE.match(m["id"]) or counts_or_names(plain, m.start("id"), m.end()):
        return False
    if m["public"]:
        return mobile and spelled
    if mobile or (spelled and len(number) >= 6):
        return True
    return (
        bool(m["sep"] or "号" in m["more"] or m["strong"][0] in "加+")
        and 7 <= len(number) <= 11
        and (_ENDS.match(plain, m.end()) is not None)
    )


# ---- phones ----

_MOBILE = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9][.,/:\-])(?:\+?(?:00)?86[ \-·.]{0,2})?"
    r"\(?1(?:[ \-·._/*~,|()\u20e3]{0,3}[0-9]){10}(?![0-9])"
)
_AREA = r"(?:010|02[0-9]|0[3-9][0-9]{2})"
_LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z_])(?<![0-9][.\-])(?:\+?86[ \-]?)?(?:\({_AREA}\) ?-? ?|{_AREA} ?[\-_/. ]? ?)"
    r"[2-8][0-9]{2,3}[ \-]?[0-9]{4}(?![0-9]|[\-.][0-9]{5})"
)
_LABELLED = re.compile(
    r"(?:电话|手机|热线|客服|致电|联系方式|联系人|联系|tel|phone|call|咨询|微电|电联|座机|传真|小姐|先生|女士|经理|律师|老师|顾问)"
    r"(?:号码|号|电话|热线)?(?:[:\s\[(]|是|为|请拨|拨打){0,4}(?P<id>\+?[0-9](?:[ \-]{0,2}[0-9]){6,12})(?![0-9])",
    re.IGNORECASE,
)
SAID = "零〇○Oo幺一壹二贰两三叁四肆五伍六陆七柒八捌九玖0-9"
_SPOKEN_PHONE = re.compile(
    rf"(?<![{SAID}A-Za-z])[幺一壹1][ \-]?[三叁四肆五伍六陆七柒八捌九玖3-9](?:[ \-]?[{SAID}]){{9}}(?![{SAID}])"
)


def _is_mobile(written: str) -> bool:
    """Whether eleven digits are grouped as a number is dialled, not as a row of figures or a sum."""
    body = re.sub(r"^\+?(?:00)?86[ \-·.]{0,2}(?=\(?1)", "", written)
    sizes = [len(part) for part in re.split(r"[^0-9]+", body) if part]
    signs = set(re.sub(r"[0-9() \-\u20e3]", "", body))
    if body.replace("\u20e3", "").lstrip("(")[:2] in ("10", "11", "12") or not "3" <= _digits(body)[1] <= "9":
        return False
    usual = ([3, 4, 4], [3, 8], [7, 4])
    if len(signs) > 1 or (signs - {".", "·"} and sizes not in usual):
        return False
    if "." in signs and sizes not in (*usual, [3, 3, 5]):
        return False
    grouped = len(sizes) <= 6 and max(sizes) >= 3 and sizes[1:3] != [3, 3]
    return grouped or sizes == [3, 3, 5] or all(size == 1 for size in sizes)


_BARE_NUMBER = re.compile(r"\s*(\+?[0-9](?:[ \-]{0,2}[0-9]){4,12})\s*")
_BARE_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9_\-]{5,19})\s*")
_LABEL_BEFORE = re.compile(
    r"(?:(?P<phone>电话|手机|热线|联系方式|客服(?!微))|(?P<qq>qq|扣扣|群号?)|(?P<wechat>微信|薇信|vx|wx|wechat)"
    r"|联系|删除|侵权)[^0-9A-Za-z]{0,12}$",
    re.IGNORECASE,
)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _phone(text: str) -> str:
    number = _digits(text)
    for prefix in ("0086", "86"):
        if number.startswith(prefix) and len(number) - len(prefix) >= 10:
            return number[len(prefix) :]
    return number


def _mail(text: str) -> str:
    plain = re.sub(rf"{_AT}| at |#", "@", text.lower(), count=1)
    plain = re.sub(r"[\[({] ?(?:dot|点|\.) ?[\])}]| dot |点|。", ".", plain)
    return re.sub(r"\s", "", plain)


def _icp(text: str) -> str:
    plain = re.sub(r"\s", "", text.upper())
    return re.sub(r"号?-[0-9]{1,3}$|号$", "", plain.replace("备案号", "备").replace(":", "").replace("第", ""))


def _candidates(plain: str) -> Iterator[Span]:
    """What may be contacts, the surest kinds first; each kind is only looked for where it is named."""
    lower = plain.lower()
    for m in _MAIL.finditer(plain) if _MAY_BE_MAIL.search(lower) else ():
        yield m.start(), m.end(), "email", _mail(m[0])
    for m in _ICP.finditer(plain) if any(name in lower for name in ("icp", "公网安备", "b1-", "b2-")) else ():
        yield m.start(), m.end(), "icp", _icp(m[0])
    for m in _QQ.finditer(plain) if any(name in lower for name in ("q", "扣", "企鹅")) else ():
        glued = not m["sep"] and UNIT_BEHIND.match(plain, m.end()) is not None
        if not (glued or DATE.match(m["id"]) or re.match(r"\.[0-9]|\s?版", plain[m.end() : m.end() + 2])):
            yield m.start("id"), m.end("id"), "qq", _digits(m["id"])
    for m in _WECHAT_ID.finditer(plain) if "id" in lower else ():
        yield m.start(1), m.end(1), "wechat", m[1].lower()
    for m in _WECHAT.finditer(plain) if _MAY_BE_WECHAT.search(lower) else ():
        if _is_wechat(m, plain):
            id = m["id"]
            yield m.start("id"), m.end("id"), "wechat", _digits(id) if id[0] in "(0123456789" else id.lower()
    for m in _GROUP.finditer(plain) if "群" in plain else ():
        if not DATE.match(m["id"]) and not counts_or_names(plain, m.start("id"), m.end()):
            yield m.start("id"), m.end("id"), "qq", _digits(m["id"])
    digits, said = len(_DIGIT.findall(plain)), len(_SAID.findall(plain))
    for pattern, normalise, fewest in _PHONES:
        for m in pattern.finditer(plain) if (said if pattern is _SPOKEN_PHONE else digits) >= fewest else ():
            start, end = m.span("id") if "id" in pattern.groupindex else m.span()
            number = normalise(plain[start:end])
            if pattern is _MOBILE and not _is_mobile(m[0]):
                continue
            if pattern is _LABELLED and (DATE.match(m["id"]) or number == "0" * len(number)):
                continue
            if not public_service(number) and not counts_or_names(plain, start, end):
                yield start, end, "phone", number


_MAY_BE_MAIL = re.compile(r"[@#%艾]|[\[({] ?a| at ")
_MAY_BE_WECHAT = re.compile(r"[vw微薇威卫徽]|公众号")
_DIGIT, _SAID = re.compile("[0-9]"), re.compile(f"[{SAID}]")
# With how many digits, read out or not, each has at least (layout: of the patterns).
_PHONES: tuple[tuple[re.Pattern[str], Callable[[str], str], int], ...] = (
    (_MOBILE, _phone, 11),
    (_LANDLINE, _phone, 10),
    (_LABELLED, _phone, 7),
    (_SPOKEN_PHONE, lambda text: _digits(text.translate(SPOKEN)), 11),
)


def _bare(plain: str, context: str) -> Iterator[Span]:
    """A line that is a number or a name alone is the contact that the line before announces."""
    match = _BARE_NUMBER.fullmatch(plain)
    named = None if match else _BARE_NAME.fullmatch(plain)
    label = _LABEL_BEFORE.search(context.translate(PLAIN)[-40:]) if match or named else None
    if label is None:
        return
    if named and label["wechat"] and not SOFTWARE.match(named[1]):
        yield named.start(1), named.end(1), "wechat", named[1].lower()
    if match is None or public_service(number := _digits(match[1])):
        return
    if label["qq"]:
        yield match.start(1), match.end(1), "qq", number
    elif label["wechat"]:
        yield match.start(1), match.end(1), "wechat", number
    elif len(number) >= 7:
        yield match.start(1), match.end(1), "phone", _phone(number)


def find(text: str, context: str = "") -> list[Span]:
    """Every contact of one line as (start, end, kind, normalised), in order; none overlap.

    `context` is the line before, for a number or a name that stands alone. Takes time linear in the line's length.
    """
    plain = text.translate(PLAIN)
    taken: list[Span] = []
    if _CANDIDATE.search(plain):
        covered = bytearray(len(plain))
        for start, end, kind, normalised in _candidates(plain):
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                taken.append((start, end, kind, normalised))
    return sorted(taken or _bare(plain, context))
