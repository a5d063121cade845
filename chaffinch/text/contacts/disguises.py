"""Signs and digits of contacts as they are disguised, each by the plain one: ① ❶ １ for 1, ＠ for @."""

from __future__ import annotations

_CIRCLED_ONES = (0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A)  # ① ⑴ ⒈ ⓵ ❶ ➀ ➊
_STYLED_NOUGHTS = (0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6)  # mathematical: bold, outlined, ...
_STYLED_AS = (0x24B6, 0x24D0, 0x1D400, 0x1D41A, 0x1D5A0, 0x1D5BA)  # Ⓐ ⓐ, mathematical: bold, sans
# Signs and digits as they are disguised. One to one, so that offsets stay.
PLAIN = str.maketrans(
    {
        **{chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)},
        **{chr(first + d): str(d + 1) for first in _CIRCLED_ONES for d in range(9)},
        **{chr(first + d): str(d) for first in _STYLED_NOUGHTS for d in range(10)},
        **{chr(first + i): chr(97 + i) for first in _STYLED_AS for i in range(26)},
        "⓪": "0", "⓿": "0", "〇": "零", "—": "-", "–": "-", "－": "-", "‐": "-", "−": "-", "　": " ", "\xa0": " ",
        "【": "[", "】": "]", "〔": "(", "〕": ")", "➕": "+", "﹢": "+",
        "♥": "❤", "♡": "❤", "💚": "❤", "💗": "❤",
        "電": "电", "話": "话", "機": "机", "號": "号", "碼": "码", "聯": "联", "絡": "络", "繫": "系", "備": "备",
        "郵": "邮", "網": "网", "滬": "沪", "蘇": "苏", "魯": "鲁", "贛": "赣", "遼": "辽", "黃": "黄", "瓊": "琼",
        "貴": "贵", "雲": "云", "陝": "陕", "寧": "宁", "晉": "晋", "證": "证", "顧": "顾", "問": "问", "訊": "讯",
        "諮": "咨", "詢": "询", "線": "线", "業": "业", "務": "务", "來": "来", "專": "专", "員": "员", "賬": "账",
        "帳": "账", "單": "单", "編": "编", "訂": "订", "衛": "卫", "勢": "势", "閩": "闽", "凍": "冻", "萬": "万",
        "億": "亿", "眾": "众", "粵": "粤", "陸": "陆", "進": "进", "圖": "图", "戶": "户", "筆": "笔", "傳": "传",
    }
)  # fmt: skip
# Chinese numerals and letters that are read out as digits.
SPOKEN = str.maketrans("零〇○Oo幺一壹二贰两三叁四肆五伍六陆七柒八捌九玖", "0000011122233445566778899")
