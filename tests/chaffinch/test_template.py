"""A site's furniture is what its different articles share at one end; an article's own sentence is not."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from chaffinch.template import Template, from_rows, furniture, learn, line_key, rows


def page(n: int, *, own: str = "") -> list[str]:
    return [
        "小城债务课堂每天更新",
        f"第{n}个问题的标题{chr(0x4E00 + n)}",
        own or f"这是第{n}篇文章的正文{chr(0x5000 + n)}，说的是{chr(0x5100 + n)}的事，和别的文章都不一样，所以很长。",
        f"结尾{chr(0x5200 + n)}",
        "本课堂由一群热心人维护",
        f"今日第{n}次更新",
    ]


def learnt(pages: list[list[str]]) -> Template:
    state = Template()
    for lines in pages:
        state = learn(state, lines)
    return state


def test_what_recurs_at_one_place_is_furniture() -> None:
    known = furniture(learnt([page(n) for n in range(12)]))
    assert line_key("小城债务课堂每天更新") in known
    assert line_key("小城債務課堂每天更新!") in known
    assert line_key("今日第99次更新") in known
    assert line_key("结尾倀") not in known
    assert line_key(page(3)[2]) not in known


def test_copies_of_one_article_are_one_witness() -> None:
    article = page(1)
    assert furniture(learnt([article] * 20)) == frozenset()
    state = Template()
    for n in range(20):  # spun copies, which the caller knows as one cluster
        state = learn(state, [*article, f"多出来的一行{chr(0x5300 + n)}"], "cluster 7")
    assert furniture(state) == frozenset()


def test_a_few_pages_prove_nothing() -> None:
    assert furniture(learnt([page(n) for n in range(3)])) == frozenset()


def test_memory_is_bounded() -> None:
    state = Template()
    for n in range(1_500):
        state = learn(state, [f"行{chr(0x4E00 + n)}{chr(0x4E00 + i)}" for i in range(30)] + ["本站底部"], str(n))
    assert len(state.counts) <= 4_000
    assert line_key("本站底部") in furniture(state)


@given(st.lists(st.lists(st.text(max_size=20), max_size=8), max_size=8))
def test_a_state_survives_storing(pages: list[list[str]]) -> None:
    state = learnt(pages)
    assert furniture(from_rows(rows(state))) == furniture(state)
    assert from_rows(reversed(rows(state))).articles == state.articles
    assert pickle.loads(pickle.dumps(state)) == state
