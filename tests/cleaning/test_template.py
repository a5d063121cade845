"""A site's furniture is what its different articles share at one end; an article's own sentence is not."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chaffinch.cleaning.clean import clean, load_rules
from chaffinch.cleaning.page_lines import page_lines
from chaffinch.cleaning.template import Key, apply, bare, learn, line_key
from chaffinch.items import Article, Block, Cleaned
from chaffinch.text.chinese.frequent import CHARACTERS
from tests.copies.texts import spin

RULES = load_rules()
BANNER = "小城债务课堂每天更新"
SLOGAN = "本课堂由一群热心人维护，十年如一日，只为让欠债的人少走弯路，也欢迎你加入。"


def prose(seed: int, letters: int = 360) -> list[str]:
    """Lines of common characters at random: nothing but copying makes two articles alike."""
    chance = random.Random(seed)
    text = "".join(chance.choices(CHARACTERS[:1500], k=letters))
    return [f"{text[n : n + 30]}，{text[n + 30 : n + 60]}。" for n in range(0, letters, 60)]


def cleaned(lines: list[str], n: int = 0) -> Cleaned:
    return clean(Article(f"http://a.example/{n}", f"第{n}问", tuple(map(Block, lines))), RULES, bytes(32))


def site(count: int = 12) -> list[list[str]]:
    return [[BANNER, *prose(n), SLOGAN, f"今日第{n}次更新"] for n in range(count)]


def learnt(pages: list[list[str]]) -> set[str]:
    return {line.line for line in learn([cleaned(page, n) for n, page in enumerate(pages)])}


def known(pages: list[list[str]]) -> frozenset[Key]:
    return frozenset((line.place, line.key) for line in learn([cleaned(page, n) for n, page in enumerate(pages)]))


def test_what_recurs_at_one_end_is_furniture() -> None:
    assert learnt(site()) == {BANNER, SLOGAN, "今日第0次更新"}
    assert line_key("小城債務課堂每天更新!") == line_key(BANNER)
    assert line_key("今日第7次更新") == line_key("今日第12次更新")
    assert line_key("2024-01-02") == line_key("……") == ""


def test_short_articles_under_long_furniture_are_told_apart() -> None:
    assert learnt([[*prose(n, 120), SLOGAN] for n in range(8)]) == {SLOGAN}


def test_a_part_of_a_site_may_have_furniture_of_its_own() -> None:
    pages = [[BANNER, *prose(n), SLOGAN] if n % 2 else [BANNER, *prose(n)] for n in range(40)]
    assert learnt(pages) == {BANNER, SLOGAN}
    assert learnt([page[1:] for page in pages]) == {SLOGAN}


def test_a_line_counted_further_than_one_look_reaches_is_one_piece_of_furniture() -> None:
    pages = [cleaned([*prose(n, 900), *(f"第{number}位读者觉得有用" for number in range(15))], n) for n in range(8)]
    found = [(line.place, line.key) for line in learn(pages)]
    assert found == [("tail", line_key("第1位读者觉得有用"))]


def test_of_ten_articles_half_must_have_it_and_of_four_three() -> None:
    def shared(holders: int, count: int) -> set[str]:
        return learnt([[*prose(n, 600), *([SLOGAN] if n < holders else [])] for n in range(count)])

    assert shared(5, 10) == shared(3, 4) == {SLOGAN}
    assert shared(4, 10) == shared(2, 4) == set()


def formulaic(n: int, letters: int) -> list[str]:
    """An article of one subject: each of its fifteen lines begins with a set phrase that all others have there, too."""
    phrases = prose(999, 900)
    return [phrase[:letters] + line for phrase, line in zip(phrases, prose(n, 900), strict=True)]


def test_articles_of_one_subject_are_no_versions_of_one_another() -> None:
    assert learnt([[*formulaic(n, 14), *([SLOGAN] if n % 4 else [])] for n in range(8)]) == {SLOGAN}
    assert learnt([[*formulaic(n, 7), SLOGAN] for n in range(8)]) == {SLOGAN}
    # Nor by what all of them end with, which is a third of each.
    assert learnt([[*prose(n, 180), *prose(998, 60), SLOGAN] for n in range(8)]) == {*prose(998, 60), SLOGAN}


def test_what_lies_behind_more_furniture_than_one_look_reaches_is_found_behind_it() -> None:
    menu = [
        f"{name}专栏"
        for name in "网贷 信用卡 房贷 车贷 征信 法务 协商 催收 起诉 仲裁 破产 担保 抵押 质押 典当 拍卖".split()
    ]
    assert learnt([[*prose(n, 900), *menu] for n in range(8)]) == set(menu)


def test_versions_of_one_article_are_one_witness() -> None:
    text = prose(1)
    others = [prose(n) for n in range(100, 110)]
    copies = [text] * 12
    spun = [[text[0], *spin("\n".join(text[1:-1]), 0.3, n).split("\n"), text[-1]] for n in range(12)]
    led = [[*prose(50 + n, 60), *text] for n in range(12)]
    cut = [[*prose(50 + n, 120), *text[2:]] for n in range(12)]
    for versions in (copies, spun, led, cut):
        assert learnt(versions) == set()
        assert learnt([*others, *versions]) == set()
        assert learnt([[*page, SLOGAN] for page in (*others, *versions)]) == {SLOGAN}


def test_what_articles_quote_and_are_built_of_is_their_own() -> None:
    statute = "《民法典》第六百七十五条规定，借款人应当按照约定的期限返还借款，逾期的应当支付利息。"
    assert learnt([["一、案情回放", *prose(n), statute] for n in range(12)]) == set()


def test_a_few_articles_prove_nothing() -> None:
    assert learnt(site(3)) == set()
    assert learnt([[*prose(n), SLOGAN] if n < 2 else prose(n) for n in range(12)]) == set()


def test_six_articles_that_all_end_alike_are_enough() -> None:
    assert learnt([[*prose(n), SLOGAN] for n in range(6)]) == {SLOGAN}


def test_furniture_stands_within_a_screen_of_the_end() -> None:
    def below(lines: int) -> list[list[str]]:
        return [
            [*prose(n, 3_000), SLOGAN, *(f"{chr(0x4E00 + 40 * n + k)}说好" for k in range(lines))] for n in range(8)
        ]

    assert SLOGAN in learnt(below(8)) and SLOGAN not in learnt(below(18))


def test_an_article_that_is_half_furniture_loses_it_and_one_that_would_be_a_fifth_of_itself_does_not() -> None:
    for own, taken in ((4, True), (2, False)):
        page = [*prose(9, 540), *prose(5)[:own]] if own == 4 else [*prose(9, 660), *prose(5)[:own]]
        wrong: frozenset[Key] = frozenset(("head", line_key(line)) for line in page[:-own])
        after = apply(cleaned(page), wrong, RULES).text.split("\n")
        assert after == (page[-own:] if taken else page)


def test_furniture_goes_from_the_ends_only_and_can_be_put_back() -> None:
    before = cleaned([SLOGAN, *prose(3)[:2], SLOGAN, *prose(3)[2:], "分享到：微信", SLOGAN])
    both: frozenset[Key] = frozenset({("head", line_key(SLOGAN)), ("tail", line_key(SLOGAN))})
    after = apply(before, both, RULES)
    assert after.text.split("\n") == [*prose(3)[:2], SLOGAN, *prose(3)[2:]]
    assert [(r.position, r.rule) for r in after.removed] == [(0, "template"), (8, "share-bar"), (9, "template")]
    assert [text for _, text, _ in page_lines(after)] == [text for _, text, _ in page_lines(before)]
    assert bare(after) == before == apply(after, frozenset(), RULES)
    assert apply(after, both, RULES) == after
    assert apply(before, frozenset({("head", line_key(SLOGAN))}), RULES).text.endswith(SLOGAN)


def test_what_the_template_hid_from_the_rules_goes_with_it() -> None:
    page = [*prose(4), "相关推荐", "网贷逾期三天", "花呗能不能延期", SLOGAN]
    assert cleaned(page).removed == ()
    after = apply(cleaned(page), frozenset({("tail", line_key(SLOGAN))}), RULES)
    assert after.text.split("\n") == prose(4)
    assert [line.rule for line in after.removed] == ["template:related"] * 3 + ["template"]
    assert bare(after) == cleaned(page)


def test_an_article_is_never_mostly_furniture() -> None:
    page = cleaned([*prose(5)[:4], "这是它自己的话，只有这么一点点，再没有别的什么了，确实如此。"])
    wrong: frozenset[Key] = frozenset(("head", line_key(line)) for line in prose(5)[:4])
    assert apply(page, wrong, RULES) == page
    assert apply(cleaned([SLOGAN]), known(site()), RULES).text == SLOGAN


def test_parts_cut_off_a_line_stay_in_the_evidence() -> None:
    page = cleaned([f"(资料图){SLOGAN}", *prose(6)])
    after = apply(page, frozenset({("head", line_key(SLOGAN))}), RULES)
    assert [(r.rule, r.whole) for r in after.removed] == [("template", True), ("picture-tag", False)]
    assert bare(after) == page


LINES = st.sampled_from(
    [BANNER, SLOGAN, "上一篇:甲 下一篇:乙", "相关推荐", "网贷逾期", "一、开头", *prose(7), *prose(8)]
)


@settings(max_examples=60)
@given(st.lists(st.lists(LINES, max_size=9), max_size=12), st.randoms(use_true_random=False))
def test_any_site_gives_the_same_in_any_order_and_loses_nothing(pages: list[list[str]], chance: random.Random) -> None:
    articles = [cleaned(page, n) for n, page in enumerate(pages)]
    shuffled = list(articles)
    chance.shuffle(shuffled)
    found = frozenset((line.place, line.key) for line in learn(articles))
    for before in articles:
        after = apply(before, found, RULES)
        assert bare(after) == before
        assert [text for _, text, _ in page_lines(after)] == [text for _, text, _ in page_lines(before)]
        assert replace(apply(after, found, RULES), removed=()) == replace(after, removed=())
    again = [apply(article, found, RULES) for article in articles]
    assert learn(again) == learn(articles)
