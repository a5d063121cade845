"""Dates of sitemaps and feeds: which can be read, and which tell of a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.page.leads.listed_dates import changes, moment

NOW = "2026-03-10T12:00:00Z"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-05T08:30:00+08:00", "2026-03-05T00:30:00Z"),
        ("2026-03-05T08:30:00.250Z", "2026-03-05T08:30:00Z"),
        ("2026-03-05T08:30Z", "2026-03-05T08:30:00Z"),
        ("Thu, 05 Mar 2026 08:30:00 GMT", "2026-03-05T08:30:00Z"),
        ("Thu, 05 Mar 2026 08:30:00 +0800", "2026-03-05T00:30:00Z"),
        ("2026-03-05 08:30:00", "2026-03-05T00:30:00Z"),  # no zone: China's
        ("2026-03-05", "2026-03-05T16:00:00Z"),  # a day that has ended: its end
        ("2026-03-10", "2026-03-09T16:00:00Z"),  # one that goes on: its beginning
        (" 2026-03-05\n", "2026-03-05T16:00:00Z"),
        ("2026", None),
        ("2026-03", None),
        ("2026-02-30", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31", "9999-12-30T16:00:00Z"),
        ("gestern", None),
        ("", None),
        ("2026-03-05" + " " * 99, None),
    ],
)
def test_dates_as_they_are_written(written: str, meant: str | None) -> None:
    assert moment(written, NOW) == meant


@given(st.text(st.sampled_from("0123456789-:TZ+., MarThuGMT"), max_size=70) | st.text(max_size=70))
def test_anything_may_stand_where_a_date_should(written: str) -> None:
    found = moment(written, NOW)
    assert found is None or (len(found) == len(NOW) and found[-1] == "Z")


def test_what_is_to_come_or_said_of_most_of_a_list_tells_of_no_change() -> None:
    one, other = "http://a.example/1", "http://a.example/2"
    assert changes({one: "2026-03-05", other: "2026-03-11", "http://a.example/3": None}, NOW) == (
        (one, "2026-03-05T16:00:00Z"),
    )
    stamped = {f"http://a.example/{n}": f"2026-03-10T11:59:{n:02}Z" for n in range(16)}
    assert changes(stamped, NOW) == ()
    few = dict(list(stamped.items())[:6])  # of a site that has just begun, and may well have written them all today
    assert changes(few, NOW) == tuple(few.items())
    assert changes(stamped | {one: "2026-03-05"}, NOW) == ((one, "2026-03-05T16:00:00Z"),)
