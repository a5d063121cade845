"""Two hosts are one site when they have the same articles at the same addresses, and enough of them."""

from __future__ import annotations

import pytest

from chaffinch.copies.fingerprint import fingerprint
from chaffinch.frontier import known_pages
from chaffinch.frontier.known_pages import Found
from chaffinch.frontier.traps import url_shapes, yields
from chaffinch.items import Cleaned, Page, Visit
from tests.frontier.traps.test_url_shapes import AT, Site


def articles(site: Site, host: str, paths: list[str], number: int = 0) -> None:
    for path in paths:
        number += 1
        url = f"http://{host}{path}"
        known_pages.add_found(site.db, [Found(url, 1, None)], AT)
        visit = Visit(Page(url, b""), host, AT, 200, depth=1, crawled=True, state="article")
        visit.canonical = f"这是第{number}篇文章的正文,说的是第{number * 7}件事和第{number * 11}个办法,各不相同。" * 3
        visit.cleaned, visit.fingerprint = Cleaned(url, "题", visit.canonical), fingerprint(visit.canonical)
        site.store.add(visit)
    site.store.flush()


def test_the_same_articles_at_the_same_addresses_are_a_mirror() -> None:
    site = Site()
    paths = [f"/a/{number}.html" for number in range(40)]
    articles(site, "first.example", paths)
    articles(site, "copier.example", [f"/c/{number}.html" for number in range(40)])
    articles(site, "mirror.example", paths)
    assert not url_shapes.mirrored(yields.load(site.db, "first.example"), AT)
    assert not url_shapes.mirrored(yields.load(site.db, "copier.example"), AT)
    mirror = yields.load(site.db, "mirror.example")
    assert url_shapes.mirrored(mirror, AT) == "mirror of first.example: 40 articles at the same addresses"
    assert url_shapes.mirrored(mirror, "2026-06-01T00:00:00Z") is None


def test_sites_that_share_a_part_are_no_mirrors() -> None:
    site = Site()
    paths = [f"/a/{number}.html" for number in range(80)]
    articles(site, "first.example", paths)
    articles(site, "other.example", paths[40:], number=1000)
    articles(site, "other.example", paths[:35])
    assert not url_shapes.mirrored(yields.load(site.db, "other.example"), AT)


@pytest.mark.parametrize(("twins", "own", "mirror"), [(20, 0, False), (40, 12, False), (40, 2, True)])
def test_a_few_twins_may_come_with_the_program_and_a_site_with_a_fourth_of_its_own_is_one_of_its_own(
    twins: int, own: int, mirror: bool
) -> None:
    """A mirror may have a few pages more than the site had when that was crawled. All comes in one batch."""
    site, paths = Site(), [f"/a/{number}.html" for number in range(60)]
    articles(site, "first.example", paths)
    articles(site, "other.example", [*paths[:twins], *(f"/b/{number}.html" for number in range(own))])
    assert (url_shapes.mirrored(yields.load(site.db, "other.example"), AT) is not None) is mirror
