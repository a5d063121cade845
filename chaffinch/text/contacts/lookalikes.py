"""What looks like a contact and is none: figures that count or date, names of software."""

from __future__ import annotations

import re

_UNIT = (
    r"(?:[元万亿块笔个位名人次条件家户台部张只斤米吨度年月日号岁版期天页章项级股瓦颗本套起例字节时分秒]|平方|公里|小时|分钟|字节"
    r"|%|％|km|kg|mb|gb|kb|美元|港元|人民币)"
)
UNIT_BEHIND = re.compile(rf"\s?(?:多|余|来|几)?{_UNIT}", re.IGNORECASE)
VERSION_BEHIND = re.compile(
    r"\s?(?:版|系统|系列|客户端|手机|小程序|接口|协议|格式)|\.[0-9]|\.(?:com|cn|net|org|html?|php)\b"
)
_FILE_BEHIND = re.compile(
    r"[\w\-]{0,40}\.(?:jpe?g|png|gif|bmp|webp|svg|mp4|mp3|avi|pdf|docx?|xlsx?|pptx?|zip|rar|apk|exe|css|js)\b",
    re.IGNORECASE,
)
# A number that money, a document or a good is counted or named by.
_NAMED_BEFORE = re.compile(
    r"(?:[¥￥$€£]|订单|单号|编号|案号|文号|isbn|issn|doi|账号|账户|卡号|流水|序号|身份证|证号|证书|合同号|号段|尾号|代码|条码"
    r"|型号|版本|邮编|注册号|信用代码|专利号?|坐标|快递|运单|票号|批号|房号|车牌|户号|[a-z]=)"
    r"[号码:\s是为第()]{0,4}(?:[A-Za-z]{0,4}-?)$",
    re.IGNORECASE,
)
DATE = re.compile(r"(?:19|20)[0-9]{2}[ \-./]?(?:0[1-9]|1[0-2])[ \-./]?(?:0[1-9]|[12][0-9]|3[01])(?![0-9])")
# Latin words that stand beside 微信 and QQ in ordinary sentences; an ID may hold them, it does not begin with them.
SOFTWARE = re.compile(
    r"(?:we_?chat|weixin|wx_?pay|alipay|iphone|ipad|apple|android|harmony|windows|macos|macbook|linux|ubuntu|chrome"
    r"|safari|ios[0-9v]|facebook|twitter|whats_?app|telegram|messenger|instagram|tiktok|linkedin|youtube|paypal|google"
    r"|github|openai|chatgpt|python|java|golang|excel|photoshop|office|outlook|html|https?|openid|unionid|appid|app_?id"
    r"|secret|access|token|version|update|service|server|client|desktop|mobile|mini|program|official|account|public"
    r"|messag|business|company|moment|wallet|payment|pay_?score|article|users?$|beta|work|team|group|number|customer"
    r"|download|login|profile|status|channels?$)",
    re.IGNORECASE,
)


def public_service(number: str) -> bool:
    """Whether digits are a public service line: 95xxx, 96xxx, 400, 800, 1xx, 12xxx, 100xx, 106…"""
    return number.startswith(("400", "800", "95", "96", "106")) or (number.startswith("1") and len(number) <= 6)


def counts_or_names(plain: str, start: int, end: int) -> bool:
    """Whether what stands around the number at `start` to `end` says that it counts, orders or names something."""
    return (
        _NAMED_BEFORE.search(plain, max(0, start - 14), start) is not None
        or UNIT_BEHIND.match(plain, end) is not None
        or re.match(r"[.,][0-9]", plain[end : end + 2]) is not None
        or _FILE_BEHIND.match(plain, end) is not None
    )
