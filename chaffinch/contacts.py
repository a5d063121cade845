"""Find phone, QQ, WeChat, e-mail and ICP numbers and put a keyed digest and a placeholder in their place.

A digest is an HMAC, because the space of phone numbers is small enough to be tried out without a key. Numbers of
public service (95566, 400-…, 12378) are an article's own words and stay, as do dates, amounts and card digits.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from chaffinch.items import Contact

Kind = Literal["phone", "qq", "wechat", "email", "icp"]

_KEY_BYTES = 32

# Digits as they are disguised. One to one, so that offsets stay.
_PLAIN = str.maketrans(
    {
        **{chr(0xFF10 + d): str(d) for d in range(10)},
        **{chr(0xFF21 + i): chr(65 + i) for i in range(26)},
        **{chr(0xFF41 + i): chr(97 + i) for i in range(26)},
        **dict(zip("①②③④⑤⑥⑦⑧⑨⓪", "1234567890", strict=True)),
        "＠": "@", "＃": "#", "．": ".", "：": ":", "（": "(", "）": ")", "－": "-", "—": "-", "–": "-",
        "＋": "+", "　": " ", "\xa0": " ", "＿": "_", "【": "[", "】": "]",
        "電": "电", "話": "话", "機": "机", "號": "号", "碼": "码", "聯": "联", "絡": "络", "繫": "系", "備": "备",
        "郵": "邮", "網": "网", "滬": "沪", "蘇": "苏", "魯": "鲁", "贛": "赣", "遼": "辽", "黃": "黄", "瓊": "琼",
        "貴": "贵", "雲": "云", "陝": "陕", "寧": "宁", "晉": "晋", "證": "证", "顧": "顾", "問": "问", "訊": "讯",
        "諮": "咨", "詢": "询", "線": "线", "業": "业", "務": "务", "來": "来", "專": "专", "員": "员", "賬": "账",
        "帳": "账", "單": "单", "編": "编", "訂": "订", "衛": "卫", "勢": "势", "閩": "闽", "凍": "冻", "萬": "万",
        "億": "亿", "眾": "众", "粵": "粤", "陸": "陆",
    }
)  # fmt: skip
_SPOKEN = str.maketrans("零〇○Oo幺一壹二贰三叁四肆五伍六陆七柒八捌九玖", "000001112233445566778899")

# Two sieves, one character and then a pattern, let most lines pass at the price of a glance.
_NUMERALS = r"[一壹][ \-]?[三叁四肆五伍六陆七柒八捌九玖](?:[ \-]?[一壹二贰三叁四肆五伍六陆七柒八捌九玖]){3}"
_HINT = re.compile(rf"[0-9０-９①-⑨@＠#＃幺零〇qQvVwWiI微薇威扣企公艾]|[aA][tT] ?[\])）】]|{_NUMERALS}")
_CANDIDATE = re.compile(
    rf"[0-9０-９①-⑨][0-9０-９①-⑨ \-—–－·.+　()（）]{{3}}|[@＠#＃幺零〇]|公网安|公網安|{_NUMERALS}"
    r"|[iI][cCdD]|[qQ]|[vV] ?[xX信]|[加+][vV]|[wW][xXe]|[aA][tT] ?[\])）】]"
    r"|艾特|微 ?信|公众号|公眾號|扣扣|企鹅|薇信|威信"
)
_TLD = r"(?:com|cn|net|org|cc|vip|top|info|me|hk|tw|edu|gov|io|xyz|co|us|club|site|online|email|fm|la|tv|asia|biz|work)"
_AT = r"(?:@|#|\[ ?(?:at|@|#) ?\]|\( ?(?:at|@|#) ?\)|艾特| at (?=[a-z0-9\-]{1,20} ?[.。]))"
_MAIL = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z0-9][A-Za-z0-9._%+\-]{{0,63}}|[0-9]{{1,6}}(?: [0-9]{{1,6}}){{1,4}}) ?{_AT} ?"
    rf"[A-Za-z0-9\-]{{1,40}}(?: ?[.。] ?[A-Za-z0-9\-]{{1,30}}){{0,3}} ?(?:[.。]|点|\[dot\]) ?"
    rf"{_TLD}(?:[.。](?:cn|hk|tw))?(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ICP = re.compile(
    rf"[{_PROVINCE}]\s?ICP\s?[备证]案?\s?字?(?:第|B[0-9]?-)?\s?[0-9]{{5,14}}\s?号?(?:\s?-\s?[0-9]{{1,3}})?"
    rf"|[{_PROVINCE}]公网安备\s?第?\s?[0-9]{{8,16}}\s?号?"
    r"|ICP\s?[备证](?:案号)?[: ]{0,2}[0-9]{6,10}\s?号?(?:-[0-9]{1,3})?",
    re.IGNORECASE,
)
_QQ = re.compile(
    r"(?:(?<![A-Za-z])q ?q|扣扣|企鹅|(?<![A-Za-z])q(?=[号群:])|(?<=[加+])q|扣(?=[号群:]))"
    r"(?:群|客服|咨询|交流|在线|联系|站长|邮箱|号码|号|/?(?:微信|wx|vx)){0,3}"
    r"(?:同号)?(?:[:\s\[(]|是|为|即){0,4}([0-9](?:[ \-]?[0-9]){4,11})(?![0-9])",
    re.IGNORECASE,
)
_WECHAT = re.compile(
    r"(?:微 ?信|薇信|威信|weixin|wechat|(?<![A-Za-z])(?:v ?x|wx|v信)|[加+]v(?![A-Za-z])|公众号)"
    r"(?:公众号|公号|号码|账号|客服|咨询|搜索|搜|号|id|同号|/?(?:qq|电话|手机)){0,3}"
    r"(?P<sep>(?:[:\s\[(]|是|为|加){0,4})"
    r"(?P<id>[A-Za-z][A-Za-z0-9_\-]{5,19}|[0-9](?:[ \-]?[0-9]){5,12})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_WECHAT_ID = re.compile(
    r"\( ?(?:微信)?ID ?: ?([A-Za-z0-9][A-Za-z0-9_\-]{4,19}) ?\)(?=.{0,8}(?:公众号|微信))", re.IGNORECASE
)
_SEP = r"[ \-·.]{0,2}"
_MOBILE = re.compile(rf"(?<![0-9A-Za-z])(?:\+?(?:00)?86{_SEP})?1{_SEP}[3-9](?:{_SEP}[0-9]){{9}}(?![0-9])")
_LANDLINE = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.\-])(?:\+?86[ \-]?)?(?:\(0[1-9][0-9]{1,2}\) ?|0[1-9][0-9]{1,2} ?- ?)"
    r"[2-8][0-9]{2,3}[ \-]?[0-9]{4}(?![0-9\-.])"
)
_LABELLED = re.compile(
    r"(?:电话|手机|热线|客服|致电|联系方式|联系人|联系|tel|phone|call|咨询|微电|电联|座机|传真|小姐|先生|女士|经理|律师|老师|顾问)"
    r"(?:号码|号|电话|热线)?(?:[:\s\[(]|是|为|请拨|拨打){0,4}(\+?[0-9](?:[ \-]{0,2}[0-9]){6,12})(?![0-9])",
    re.IGNORECASE,
)
_SAID = "零〇○Oo幺一壹二贰三叁四肆五伍六陆七柒八捌九玖0-9"
_SPOKEN_PHONE = re.compile(
    rf"(?<![{_SAID}])[幺一壹1][ \-]?[三叁四肆五伍六陆七柒八捌九玖3-9](?:[ \-]?[{_SAID}]){{9}}(?![{_SAID}])"
)
# A number that money, a document or a good is counted or named by is no contact.
_NO_CONTACT_BEFORE = re.compile(
    r"(?:[¥￥$]|订单|单号|编号|案号|文号|isbn|账号|卡号|流水|序号|身份证|合同号|号段|尾号|代码|[a-z]=)[号码:\s是为第()]{0,4}$",
    re.IGNORECASE,
)
_AMOUNT_BEHIND = re.compile(r" ?(?:元|万|亿|块|人民币|美元|%|人次|次|个|年|月|日)")


def _public(number: str) -> bool:
    """Whether digits are a public service line: 95xxx, 96xxx, 400, 800, 1xx, 12xxx, 100xx, 106…"""
    return number.startswith(("400", "800", "95", "96", "106")) or (number.startswith("1") and len(number) <= 6)


def digest(key: bytes, kind: str, normalised: str) -> str:
    """HMAC-SHA256 of a normalised contact, hexadecimal. The kind is part of what is signed."""
    return hmac.new(key, f"{kind}:{normalised}".encode("utf-8", "replace"), "sha256").hexdigest()


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _phone(text: str) -> str:
    number = _digits(text)
    for prefix in ("0086", "86"):
        if number.startswith(prefix) and len(number) - len(prefix) >= 10:
            return number[len(prefix) :]
    return number


def _mail(text: str) -> str:
    text = re.sub(r"\[ ?(?:at|@|#) ?\]|\( ?(?:at|@|#) ?\)|艾特| at |#", "@", text.lower(), count=1)
    return re.sub(r"\[dot\]|点|。", ".", text).replace(" ", "")


def _icp(text: str) -> str:
    plain = re.sub(r"\s", "", text.upper())
    return re.sub(r"号?-[0-9]{1,3}$|号$", "", plain.replace("备案号", "备").replace(":", "").replace("第", ""))


Span = tuple[int, int, Kind, str]


def _find(plain: str, context: str) -> list[Span]:
    """Every contact of a line as (start, end, kind, normalised), the surest kinds first where they overlap."""
    taken: list[Span] = []
    covered = bytearray(len(plain))

    def take(start: int, end: int, kind: Kind, normalised: str) -> None:
        if not any(covered[start:end]):
            covered[start:end] = b"\1" * (end - start)
            taken.append((start, end, kind, normalised))

    for m in _MAIL.finditer(plain):
        take(m.start(), m.end(), "email", _mail(m[0]))
    for m in _ICP.finditer(plain):
        take(m.start(), m.end(), "icp", _icp(m[0]))
    for m in _QQ.finditer(plain):
        take(m.start(1), m.end(1), "qq", _digits(m[1]))
    for m in _WECHAT_ID.finditer(plain):
        take(m.start(1), m.end(1), "wechat", m[1].lower())
    for m in _WECHAT.finditer(plain):
        if m["sep"].strip(" ") or re.search(r"[0-9_]", m["id"]):
            take(m.start("id"), m.end("id"), "wechat", _digits(m["id"]) if m["id"][0].isdigit() else m["id"].lower())
    patterns: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
        (_MOBILE, _phone), (_LANDLINE, _phone), (_LABELLED, _phone),
        (_SPOKEN_PHONE, lambda t: _digits(t.translate(_SPOKEN))),
    )  # fmt: skip
    for pattern, normalise in patterns:
        for m in pattern.finditer(plain):
            start, end = m.span(1) if pattern.groups else m.span()
            number = normalise(plain[start:end])
            if _public(number) or _NO_CONTACT_BEFORE.search(plain, max(0, start - 12), start):
                continue
            if _AMOUNT_BEHIND.match(plain, end):
                continue
            take(start, end, "phone", number)
    if not taken:
        _bare(plain, context, take)
    return taken


_BARE = re.compile(r"\s*(\+?[0-9](?:[ \-]{0,2}[0-9]){4,12})\s*")
_LABEL_BEFORE = re.compile(
    r"(?:(电话|手机|热线|联系方式|客服)|(qq|扣扣)|(微信|vx|wx)|联系|删除|侵权)[^0-9]{0,12}$", re.IGNORECASE
)


def _bare(plain: str, context: str, take: Callable[[int, int, Kind, str], None]) -> None:
    """A line that is a number alone is the contact that the line before announces."""
    match = _BARE.fullmatch(plain)
    label = _LABEL_BEFORE.search(context.translate(_PLAIN)[-40:]) if match else None
    if match is None or label is None or _public(_digits(match[1])):
        return
    number = _digits(match[1])
    if label[2]:
        take(match.start(1), match.end(1), "qq", number)
    elif label[3]:
        take(match.start(1), match.end(1), "wechat", number)
    elif len(number) >= 7:
        take(match.start(1), match.end(1), "phone", _phone(number))


def mask(text: str, key: bytes, context: str = "") -> tuple[str, tuple[Contact, ...]]:
    """Replace the contacts of one line by placeholders.

    `context` is the line before, for a number that stands alone. Returns the line and its contacts in order.
    """
    if not _HINT.search(text) or not (_CANDIDATE.search(text) or _BARE.fullmatch(text)):
        return text, ()
    spans = sorted(_find(text.translate(_PLAIN), context))
    contacts = tuple(Contact(kind, digest(key, kind, normalised)) for _, _, kind, normalised in spans)
    pieces: list[str] = []
    at = 0
    for start, end, kind, _ in spans:
        pieces += (text[at:start], f"⟨{kind}⟩")
        at = end
    return "".join((*pieces, text[at:])), contacts


def load_key(path: Path) -> bytes:
    """Read the key of a corpus, or make one: 32 random bytes in a file of mode 0600.

    Processes that race for a missing file agree on one key. Raises ValueError for a file that holds no such key and
    OSError where it cannot be read or made.
    """
    if not path.exists():
        part = _new_key(path)
        try:
            # A link fails where another process was first; a rename would replace its key.
            with suppress(FileExistsError):
                os.link(part, path)
        finally:
            part.unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path}: a contact key has {_KEY_BYTES} bytes, this file has {len(key)}")
    return key


def replace_key(path: Path) -> None:
    """Put a new key in the place of an old one, which is gone for good. Raises OSError where that fails."""
    _new_key(path).replace(path)


def _new_key(path: Path) -> Path:
    """A file with a new key beside `path`."""
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return part
