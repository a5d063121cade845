"""What is looked at before a pattern is tried has to be in every line that the pattern knows."""

from chaffinch.article.not_article import _is_cut
from chaffinch.article.surroundings import _MAY_BE_SAID, _SAID
from chaffinch.text.words import tables


def test_what_readers_say_is_told_by_signs_that_its_pattern_needs() -> None:
    examples = tables()["lines"]["said"]["examples"]
    assert all(
        _MAY_BE_SAID.search(line) for line in (*examples, "刚刚", "剛剛", "12樓", "沙发", "板凳", "發表於", "回覆于")
    )
    assert not _SAID.search("三个月以后") and not _MAY_BE_SAID.search("三个月以后")


def test_every_way_of_breaking_off_is_seen() -> None:
    ends = ("后果是...", "后果是…[详细]", "阅读剩余部分", "繼續閱讀", "查看全文 >>", "Read More", "[... more]")
    assert [_is_cut(end) for end in ends] == [True] * len(ends)
    assert not _is_cut("这本书值得一读。")
