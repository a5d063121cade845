"""How long until the next visit follows what the visits found."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.frontier import farms, waits
from chaffinch.frontier.waits import KINDS, Bounds, Rate, within

ARTICLE = KINDS["article"]
PRIOR = waits.prior(ARTICLE, Rate())
DAYS = st.floats(0, 400)


@given(st.lists(st.tuples(DAYS, st.booleans()), max_size=30))
def test_a_change_shortens_the_wait_and_none_lengthens_it(visits: list[tuple[float, bool]]) -> None:
    known = Rate()
    for since, changed in visits:
        known = waits.learn(known, PRIOR, since, changed)
    rate = waits.a_day(known, PRIOR)
    wait = waits.wait(ARTICLE, rate)
    days = wait / timedelta(days=1)
    still, moved = (
        waits.wait(ARTICLE, waits.a_day(waits.learn(known, PRIOR, days, changed), PRIOR)) for changed in (False, True)
    )
    assert moved <= still
    if ARTICLE.shortest < wait < ARTICLE.longest:
        assert moved < wait < still
    for kind in KINDS.values():
        assert kind.shortest <= waits.wait(kind, rate) <= kind.longest


def test_the_rate_of_a_steady_page_is_found() -> None:
    rng = random.Random(4)
    for truth in (1 / 2, 1 / 10):
        known, found = Rate(), []
        for _ in range(400):
            days = waits.wait(ARTICLE, waits.a_day(known, PRIOR)) / timedelta(days=1)
            known = waits.learn(known, PRIOR, days, rng.expovariate(truth) < days)
            found.append(waits.a_day(known, PRIOR))
        assert 0.6 < sum(found[100:]) / len(found[100:]) / truth < 1.25, truth


def test_a_new_page_is_judged_by_its_site_and_kind() -> None:
    quiet, busy = (waits.prior(ARTICLE, Rate(changes, 400.0)) for changes in (0.0, 200.0))
    unknown = Rate()
    assert waits.a_day(unknown, quiet) < ARTICLE.rate < waits.a_day(unknown, busy)
    lists = waits.prior(KINDS["page"], Rate())
    assert waits.wait(KINDS["page"], waits.a_day(unknown, lists)) < timedelta(days=1)
    assert timedelta(days=6) < waits.wait(ARTICLE, waits.a_day(unknown, PRIOR)) < timedelta(days=8)


QUIET_FOR_YEARS = [(45.0, False)] * 24


@pytest.mark.parametrize(
    ("visits", "least", "most"),
    [
        ([(7.0, False)] * 3, 16, 28),  # nothing in three weeks: left for about as long again
        ([*QUIET_FOR_YEARS, (45.0, True)], 30, 45),  # after years of quiet one change, perhaps of a misprint
        ([*QUIET_FOR_YEARS, (45.0, True), (45.0, True), (30.0, True)], 14, 30),  # it has come to life
    ],
)
def test_how_long_an_article_is_left_after_what_its_visits_found(
    visits: list[tuple[float, bool]], least: float, most: float
) -> None:
    known = Rate()
    for days, changed in visits:
        known = waits.learn(known, PRIOR, days, changed)
    assert least <= waits.wait(ARTICLE, waits.a_day(known, PRIOR)) / timedelta(days=1) <= most


@pytest.mark.parametrize(("changes", "least", "most"), [(1, 5.0, 7.0), (10, 1.5, 2.5)])
def test_one_change_on_a_site_may_be_chance_and_ten_are_its_habit(changes: int, least: float, most: float) -> None:
    """A new article of a site whose articles changed every other day so far, when those of most do every twenty."""
    before = waits.prior(ARTICLE, Rate(changes, 2 * changes))
    assert least < waits.wait(ARTICLE, waits.a_day(Rate(), before)) / timedelta(days=1) < most


def test_a_page_that_falls_quiet_is_soon_left_alone() -> None:
    known = Rate()
    for _ in range(100):
        known = waits.learn(known, PRIOR, 0.5, True)
    for _ in range(40):
        days = waits.wait(ARTICLE, waits.a_day(known, PRIOR)) / timedelta(days=1)
        known = waits.learn(known, PRIOR, days, False)
    assert waits.wait(ARTICLE, waits.a_day(known, PRIOR)) > timedelta(days=2)


def test_a_clock_that_jumps_back_teaches_nothing() -> None:
    assert waits.days_between("2036-01-01T00:00:00Z", "2026-01-01T00:00:00Z") == 0.0
    assert waits.days_between("2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z") == 1.5
    assert waits.days_between(None, "2026-01-01T00:00:00Z") == 0.0
    known = Rate(2.0, 30.0)
    assert waits.learn(known, PRIOR, 0.0, False) == known


SIDE = st.none() | st.floats(0.01, 60)


@given(SIDE, SIDE, st.floats(1e-6, 1e3))
def test_a_farm_may_bound_the_wait(least: float | None, most: float | None, rate: float) -> None:
    if least is not None and most is not None and least > most:
        least, most = most, least
    for kind in KINDS.values():
        days = waits.wait(within(kind, Bounds(least, most)), rate) / timedelta(days=1)
        assert least is None or days >= least - 1e-5
        assert most is None or days <= most + 1e-5
    assert within(ARTICLE, Bounds()) == ARTICLE


@pytest.mark.parametrize(
    "wrong",
    [
        "revisit_min = 0", "revisit_max = 61", 'revisit_max = "a week"', "revisit_max = true", "revisit_min = nan",
        "revisit_min = 2\nrevisit_max = 1",
    ],
)  # fmt: skip
def test_bounds_that_are_none(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "farms.toml"
    path.write_text(f'[[farm]]\nstart = "http://a.example/"\n{wrong}\n')
    with pytest.raises(ValueError, match=r"farms\.toml, line 3, farm 1: `revisit_m"):
        farms.load(str(path))


def test_bounds_of_many_weeks_are_some(tmp_path: Path) -> None:
    path = tmp_path / "farms.toml"
    path.write_text('[[farm]]\nstart = "http://a.example/"\nrevisit_min = 30\nrevisit_max = 60\n')
    assert [(farm.revisit_min, farm.revisit_max) for farm in farms.load(str(path))] == [(30, 60)]
