"""A list of farms dealt out: nothing twice or left out, one domain in one shard, and what is there stays there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.frontier.farm_shards import as_toml, domain_of, read, split
from chaffinch.frontier.farms import Farm, load

DOMAINS = st.sampled_from([f"{name}.{suffix}" for name in "abcdefgh" for suffix in ("com", "com.cn", "blogspot.com")])
URLS = st.builds(lambda host, domain: f"http://{host}{domain}/", st.sampled_from(["", "www.", "m."]), DOMAINS)
FARMS = st.lists(st.lists(URLS, min_size=1, max_size=3), min_size=8, max_size=40).map(
    lambda lists: [Farm(f"{number}", tuple(urls)) for number, urls in enumerate(lists)]
)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("http://news.example.com.cn/a", "example.com.cn"),
        ("http://a.blogspot.com/", "a.blogspot.com"),
        ("https://www.例子.中国/", "例子.中国"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://yuqi.localhost:80/", "yuqi.localhost"),
    ],
)
def test_the_registrable_domain_of_a_url(url: str, domain: str) -> None:
    assert domain_of(url) == domain


@given(FARMS, st.integers(1, 4), st.integers(4, 40))
def test_what_is_of_one_domain_is_in_one_shard_and_stays_there_as_the_list_grows(
    farms: list[Farm], into: int, later: int
) -> None:
    try:
        former = split(farms[:later], [()] * into)
        shards = split(farms, former)
    except ValueError as error:
        assert "would have none" in str(error) or "joins" in str(error)
        return
    assert sorted((farm.name for shard in shards for farm in shard), key=int) == [farm.name for farm in farms]
    homes = [{domain_of(url) for farm in shard for url in farm.start} for shard in shards]
    assert sum(map(len, homes)) == len(set().union(*homes))
    assert all(set(was) <= set(now) for was, now in zip(former, shards, strict=True))


def test_unrelated_farms_are_dealt_evenly() -> None:
    farms = [Farm(f"{n}", (f"http://farm-{n}.com/",)) for n in range(10)]
    assert sorted(map(len, split(farms, [()] * 4))) == [2, 2, 3, 3]


def test_a_shard_is_a_list_of_farms_with_all_that_was_said_of_them(tmp_path: Path) -> None:
    farms = (
        Farm('of "a"\t', ("http://a.com/",), 2.5, ("/xyk/*",), ("*.asp?",), 10, 3, 0.5, 8.0),
        Farm("b.com", ("https://b.com/", "https://b.com/list")),
    )
    (tmp_path / "farms-0.toml").write_text(as_toml(farms), "utf-8")
    assert read(tmp_path, 1) == [farms] == [load(str(tmp_path / "farms-0.toml"))]
    with pytest.raises(ValueError, match="holds 1 shards, not 2"):
        read(tmp_path, 2)
