"""By what a text is compared: a Chinese one by its characters, whatever stands behind it, any other by its words."""

import pytest

from chaffinch.text.canonical import canonical
from chaffinch.text.shingles import letter_places

CHINESE = (
    "逾期之后不要慌，先把每一笔欠款的金额、利率和到期日写在一张纸上，再按轻重缓急排出还款的次序，"
    "实在还不上就主动打电话协商分期，并把结果写成文字。"
)
SPAM = "cheap pills online casino bonus free spins best price no prescription fast shipping " * 20
ENGLISH = "When a borrower stops paying, the bank first sends a letter and later a collector calls at the door. " * 20


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        (f"{CHINESE}\n{SPAM}", True),  # a short post, and many times as much spam
        (f"{CHINESE[:34]}\n{ENGLISH}", False),  # an English article under a Chinese line
    ],
)
def test_what_a_text_opens_with_says_by_what_it_is_compared(text: str, chinese: bool) -> None:
    assert bool(len(letter_places(canonical(text)))) == chinese
