"""Whatever a pattern matches, the sieve lets through to it; of the rest little."""

import re

from hypothesis import given
from hypothesis import strategies as st

from chaffinch.cleaning.rules import load_rules
from chaffinch.cleaning.sieve import Need, sieve
from chaffinch.text.lines import codes_of

PATTERNS = (
    "欢迎(?:您|你)?(?:来到|访问).{0,9}", "(?=.*(?:侵权)).{0,9}删", r"\s?[A-Za-z]{2,4}k(?:ü|[0-9]+)?",
    "(?:甲乙|丙)?丁{2}", "[^,]{1,3}(?<!说)𠀀?", "(?!好)[好坏]?事*",
    "(?:(?:end|完)[】)]?){1,3}", "(?:)|空", "[\\W_]{0,3}相关(?:\\d|页)",
)  # fmt: skip
SIGNS = "欢迎您来到访问侵权删丁丙甲乙kKſüAb1𠀀好坏事说,endEND完】)相关页 \u212a"
WHOLE = sieve([Need(pattern) for pattern in PATTERNS])
ANYWHERE = sieve([Need(pattern, begins=False, ends=False) for pattern in PATTERNS])


@given(st.lists(st.text(SIGNS, max_size=9).map(lambda text: text.replace("\n", "")), min_size=1, max_size=5))
def test_what_matches_passes(lines: list[str]) -> None:
    passed, seen = set(WHOLE.sift(*codes_of(lines))), set(ANYWHERE.sift(*codes_of(lines)))
    for n, line in enumerate(lines):
        for m, pattern in enumerate(PATTERNS):
            compiled = re.compile(pattern, re.IGNORECASE)
            assert compiled.fullmatch(line) is None or (n, m) in passed
            assert compiled.search(line) is None or (n, m) in seen


def test_what_is_nothing_of_the_kind_does_not() -> None:
    rules = load_rules()
    prose = "逾期以后先弄清楚欠了多少,再打电话给客服,把自己的收入和打算一次还多少说明白。"
    found = rules.prospects([prose])[0]
    assert len(found.whole) < 4 and len(found.cutting) < 3
    assert list(sieve([Need("短句", longest=1)]).sift(*codes_of(["短句"]))) == []
