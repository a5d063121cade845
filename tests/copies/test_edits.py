"""Which paragraph is an edit of which: linked all at once as they are linked one after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.copies.paragraphs.edits import linked

PLACES = st.integers(0, 7)
AGES = st.lists(st.integers(0, 5), min_size=8, max_size=8)
SOURCES = st.lists(st.integers(-1, 7), min_size=8, max_size=8)


def one_by_one(pairs: set[tuple[int, int]], ages: list[int], sources: list[int]) -> list[int]:
    found = list(sources)
    for own in sorted({one for one, _ in pairs}):
        versions = [other for one, other in pairs if one == own]
        for other in versions:
            source = found[other]
            if ages[own] < ages[other] and (source < 0 or (ages[own], own) < (ages[source], source)):
                found[other] = own
        if earlier := [(ages[other], other) for other in versions if ages[other] < ages[own]]:
            found[own] = min(earlier)[1]
        elif sources[own] >= 0 and ages[own] <= ages[sources[own]]:
            found[own] = -1
    return found


@given(st.sets(st.tuples(PLACES, PLACES), max_size=20), AGES, SOURCES)
def test_linked_at_once_as_one_after_the_other(
    pairs: set[tuple[int, int]], ages: list[int], sources: list[int]
) -> None:
    pairs = {(one, other) for one, other in pairs if one != other}
    found = linked(
        np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2), np.array(ages, dtype=np.int64), np.array(sources)
    )
    assert found.tolist() == one_by_one(pairs, ages, sources)
