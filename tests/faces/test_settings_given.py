"""What is given by hand and wrong is refused by name; what is right passes."""

from pathlib import Path

import pytest
from scrapy.settings import Settings

from chaffinch.faces.settings_given import refuse, unknown
from chaffinch.frontier import farms, opt_out
from chaffinch.text.files.config_files import read_text, read_toml
from chaffinch.text.topic import load_topics

SETTINGS = Settings()
SETTINGS.setmodule("chaffinch.config.settings")


@pytest.mark.parametrize(
    "given",
    [
        "DOWNLOAD_DELAY=nan", "DOWNLOAD_DELAY=-1", "DOWNLOAD_DELAY=inf", "DOWNLOAD_DELAY=two", "DOWNLOAD_DELAY=",
        "PAGE_BUDGET=0", "PAGE_BUDGET=1.5", "PAGE_BUDGET=-3", "CONCURRENT_REQUESTS=0", "DOWNLOAD_TIMEOUT=0",
        "ALLOW_PRIVATE_ADDRESSES=yes", "ROBOTSTXT_OBEY=no", "CLOSESPIDER_PAGECOUNT=many", "LOG_LEVEL=LOUD", "CORPUS= ",
        "ITEM_PIPELINES=none", "ITEM_PIPELINES=[1]", "RETRY_HTTP_CODES=500,x",
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_name(given: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ValueError, match=f"{name}=|log level {value}"):
        refuse({name: value}, SETTINGS)


@pytest.mark.parametrize(
    "given",
    [
        "DOWNLOAD_DELAY=0", "DOWNLOAD_DELAY=.5", "PAGE_BUDGET=1", "CLOSESPIDER_TIMEOUT=0.5",
        "ALLOW_PRIVATE_ADDRESSES=1", "ROBOTSTXT_OBEY=False", "LOG_LEVEL=debug",
        "LOG_LEVEL=10", "CORPUS=a b.db", "RETRY_PRIORITY_ADJUST=-2",
        "ITEM_PIPELINES={}", "RETRY_HTTP_CODES=500,502", "USER_AGENT=", "MINE=nan",
    ],
)  # fmt: skip
def test_what_scrapy_takes_passes(given: str) -> None:
    refuse(dict([given.split("=", 1)]), SETTINGS)


def test_a_mistyped_name_is_told_with_what_it_may_mean() -> None:
    assert unknown({"CORPUS": "x", "DOWNLOAD_DELAY": "1", "HTTPCACHE_ENABLED": "1"}, SETTINGS) is None
    assert unknown({"corpus": "x"}, SETTINGS) == ("corpus", "CORPUS")
    assert unknown({"DOWNLAOD_DELAY": "1"}, SETTINGS) == ("DOWNLAOD_DELAY", "DOWNLOAD_DELAY")
    assert unknown({"WEATHER": "fine"}, SETTINGS) == ("WEATHER", None)


FARM = '[[farm]]\nstart = "http://127.0.0.1:9/"\nname = "逾期频道"\n'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FARM.encode("gb18030"), "line 3: not UTF-8 but perhaps GBK"),
        (FARM.encode("utf-16"), "saved as UTF-16"),
        (FARM.encode() + b"budget = \n", "line 4"),
        (FARM.encode() + b"budget = " + b"9" * 5000, "digits"),
        (b"a = " + b"[" * 9000, "nested too deeply"),
        (FARM.encode() + b"delay = nan", "`delay`"),
        (FARM.encode() + b"delay = inf", "`delay`"),
        (FARM.encode() + b"delay = -1", "`delay`"),
        (FARM.encode() + b"delay = 86401", "`delay`"),  # more than a day
        (FARM.encode() + b"revisit_min = nan", "`revisit_min`"),
        (FARM.replace('"逾期频道"', "3").encode(), "`name`"),
        (FARM.encode() + b"\xff\xff", "line 4: not UTF-8; save"),
    ],
)
def test_a_list_of_farms_that_cannot_be_read_says_where_and_why(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "farms.toml"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=said) as refused:
        farms.load(str(path))
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "farms.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FARM.encode() + b"delay = 86400")
    (farm,) = farms.load(str(path))
    assert (farm.name, farm.delay) == ("逾期频道", 24 * 60 * 60)
    (tmp_path / "hosts.txt").write_bytes(b"\xef\xbb\xbfa.example\r\nb.example\r\n")
    assert opt_out.load(str(tmp_path / "hosts.txt")) == {"a.example", "b.example"}
    with pytest.raises(ValueError, match=r"none\.txt: No such file"):
        read_text(tmp_path / "none.txt", "none.txt")
    assert read_toml(path, "x")["farm"][0]["name"] == "逾期频道"


@pytest.mark.parametrize("topic", ["threshold = nan", "threshold = inf", "threshold = 1\n[a.terms]\nnan = ['x']"])
def test_a_topic_of_no_number_is_refused(tmp_path: Path, topic: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(f"[a]\n{topic}\n" + ("" if "terms" in topic else "[a.terms]\n1 = ['x']\n"))
    with pytest.raises(ValueError, match=r"threshold|weight"):
        load_topics(path)
