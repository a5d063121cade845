"""How long until the next visit follows what the visits found."""

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chaffinch import revisit
from chaffinch.revisit import KINDS, Rate

ARTICLE = KINDS["article"]
PRIOR = revisit.prior(ARTICLE, Rate())
DAYS = st.floats(0, 400)


@given(st.lists(st.tuples(DAYS, st.booleans()), max_size=30))
def test_a_change_shortens_the_wait_and_none_lengthens_it(visits: list[tuple[float, bool]]) -> None:
    known = Rate()
    for since, changed in visits:
        known = revisit.learn(known, PRIOR, since, changed)
    rate = revisit.a_day(known, PRIOR)
    wait = revisit.wait(ARTICLE, rate)
    days = wait / timedelta(days=1)
    still, moved = (
        revisit.wait(ARTICLE, revisit.a_day(revisit.learn(known, PRIOR, days, changed), PRIOR))
        for changed in (False, True)
    )
    assert moved <= still
    if ARTICLE.shortest < wait < ARTICLE.longest:
        assert moved < wait < still
    for kind in KINDS.values():
        assert kind.shortest <= revisit.wait(kind, rate) <= kind.longest


def test_the_rate_of_a_steady_page_is_found() -> None:
    rng = random.Random(4)
    for truth in (1 / 2, 1 / 10):
        known, found = Rate(), []
        for _ in range(400):
            days = revisit.wait(ARTICLE, revisit.a_day(known, PRIOR)) / timedelta(days=1)
            known = revisit.learn(known, PRIOR, days, rng.expovariate(truth) < days)
            found.append(revisit.a_day(known, PRIOR))
        assert 0.6 < sum(found[100:]) / len(found[100:]) / truth < 1.25, truth


def test_a_new_page_is_judged_by_its_site_and_kind() -> None:
    quiet, busy = (revisit.prior(ARTICLE, Rate(changes, 400.0)) for changes in (0.0, 200.0))
    unknown = Rate()
    assert revisit.a_day(unknown, quiet) < ARTICLE.rate < revisit.a_day(unknown, busy)
    lists = revisit.prior(KINDS["page"], Rate())
    assert revisit.wait(KINDS["page"], revisit.a_day(unknown, lists)) < timedelta(days=1)
    assert timedelta(days=6) < revisit.wait(ARTICLE, revisit.a_day(unknown, PRIOR)) < timedelta(days=8)


def test_a_page_that_falls_quiet_is_soon_left_alone() -> None:
    known = Rate()
    for _ in range(100):
        known = revisit.learn(known, PRIOR, 0.5, True)
    for _ in range(40):
        days = revisit.wait(ARTICLE, revisit.a_day(known, PRIOR)) / timedelta(days=1)
        known = revisit.learn(known, PRIOR, days, False)
    assert revisit.wait(ARTICLE, revisit.a_day(known, PRIOR)) > timedelta(days=2)


def test_a_clock_that_jumps_back_teaches_nothing() -> None:
    assert revisit.days_between("2036-01-01T00:00:00Z", "2026-01-01T00:00:00Z") == 0.0
    assert revisit.days_between("2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z") == 1.5
    assert revisit.days_between(None, "2026-01-01T00:00:00Z") == 0.0
    known = Rate(2.0, 30.0)
    assert revisit.learn(known, PRIOR, 0.0, False) == known
