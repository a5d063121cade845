"""The list of farms to crawl: config/farms.toml, another file, or start URLs given by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chaffinch.frontier.waits import LONGEST
from chaffinch.page.urls import canonical_url, is_loopback, site_of
from chaffinch.text.files.config_files import line_of, read_text, read_toml

KEYS = {"name", "start", "delay", "include", "exclude", "budget", "depth", "revisit_min", "revisit_max"}
MAX_PATTERNS = 100  # of one list of a farm (cost)
MAX_PATTERN_CHARS = 200  # cost
MOST_DELAY = 86_400  # seconds: with a page a day nothing is crawled; by hand
PROJECT_FILE = "chaffinch.toml"  # has [[farm]] tables among other things
SITEMAPS = (".xml", ".xml.gz", ".txt")  # they are lists: `include` speaks of pages


@dataclass(frozen=True, slots=True)
class Farm:
    """One site to crawl."""

    name: str
    start: tuple[str, ...]  # canonical URLs
    delay: float | None = None  # seconds between requests, None for DOWNLOAD_DELAY
    include: tuple[str, ...] = ()  # only URLs that fit one of these are fetched, all when empty; see `fits`
    exclude: tuple[str, ...] = ()  # URLs that fit one of these are not
    budget: int | None = None  # pages fetched in a run, None for PAGE_BUDGET
    depth: int | None = None  # links followed from a start URL, None for no bound
    revisit_min: float | None = None  # days between two visits to a page, None for the bounds of its kind
    revisit_max: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is fetched of a site."""

    budget: int
    depth: int | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def refuses(self, url: str, depth: int) -> str | None:
        """Why the page is not fetched, None when it is. A start page always is, a sitemap whatever is included."""
        if not depth:
            return None
        if self.depth is not None and depth > self.depth:
            return f"deeper than {self.depth} links"
        if found := next((pattern for pattern in self.exclude if fits(pattern, url)), None):
            return f"excluded: {found}"
        included = not self.include or any(fits(pattern, url) for pattern in self.include)
        return None if included or urlsplit(url).path.endswith(SITEMAPS) else "not included"


def limits(farm: Farm, budget: int) -> Limits:
    """The limits of a farm's sites, `budget` pages where it names none."""
    return Limits(budget if farm.budget is None else farm.budget, farm.depth, farm.include, farm.exclude)


def fits(pattern: str, url: str) -> bool:
    """Whether `url` after its host contains `pattern`, in which `*` stands for anything.

    A pattern that begins with `/` must fit from the start of the path on. Takes linear time.
    """
    rest = "/" + url.partition("://")[2].partition("/")[2]
    first, *others = pattern.split("*")
    place = 0
    if first.startswith("/"):
        if not rest.startswith(first):
            return False
        place, first = len(first), ""
    for piece in (first, *others):
        found = rest.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True


@dataclass(frozen=True, slots=True)
class Plan:
    """What one crawl is to do."""

    farms: tuple[Farm, ...]
    due_all: bool = False

    def as_settings(self) -> dict[str, Any]:
        """For the run's manifest."""
        return {"farms": [asdict(farm) for farm in self.farms], "due": "all" if self.due_all else "due"}


def ours(arguments: Mapping[str, str]) -> dict[str, str]:
    """The spider's arguments without those that scrapyd adds: `_job`, `_version`."""
    return {name: value for name, value in arguments.items() if not name.startswith("_")}


def plan(
    start: str | None = None, farms: str | None = None, due: str | None = None, contact: str = "", usual: str = ""
) -> Plan:
    """The spider's arguments as a plan. Raises ValueError, one line, for what cannot be crawled.

    `start`: URLs separated by commas; `farms`: a TOML file, `usual` when None, the project's own where that is empty;
    `due`: `all` or None; `contact`: who runs the crawl, which any site but loopback must be told.
    """
    if due not in (None, "all"):
        raise ValueError(f"-a due={due}: the only value is `all`")
    if start is not None and farms is not None:
        raise ValueError("give -a start=URL or -a farms=FILE, not both")
    chosen = _from_urls(start) if start is not None else load(usual or None if farms is None else farms)
    strange = next((url for farm in chosen for url in farm.start if not is_loopback(url)), None)
    if strange is not None and not contact.strip():
        raise ValueError(
            f"set who crawls {site_of(strange)}: -s CONTACT=an address that its webmaster can write to, or `contact`"
            f" in {PROJECT_FILE}"
        )
    return Plan(chosen, due == "all")


def _from_urls(start: str) -> tuple[Farm, ...]:
    urls = [url.strip() for url in start.split(",") if url.strip()]
    if not urls:
        raise ValueError("-a start= names no URL")
    return tuple(Farm(site_of(url), (url,)) for url in (_start_url(url, "-a start") for url in urls))


def _start_url(url: object, where: str) -> str:
    found = canonical_url(url, keep_default_page=True) if isinstance(url, str) else None
    if found is None:
        raise ValueError(f"{where}: {url!r} is not an http:// or https:// URL")
    return found


def load(path: str | None = None) -> tuple[Farm, ...]:
    """The farms of a TOML file of `[[farm]]` tables, the project's own list when `path` is None.

    Raises ValueError, one line that names the file and the farm, for what is wrong in it.
    """
    if path == "":
        raise ValueError("-a farms= names no file")
    name = path or "config/farms.toml"
    source = Path(path) if path else files("chaffinch.config").joinpath("farms.toml")
    data, text = read_toml(source, name), read_text(source, name)
    tables = data.get("farm", [])
    alone = Path(name).name == PROJECT_FILE or not set(data) - {"farm"}
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables) or not alone:
        raise ValueError(f"{name}: a list of farms is made of [[farm]] tables only")
    if not tables:
        raise ValueError(f"{name} names no farm: add a [[farm]] there, or give -a start=URL")
    farms = tuple(_farm(table, partial(_place, name, text, number)) for number, table in enumerate(tables, 1))
    sites: dict[str, str] = {}
    for farm in farms:
        for site in {site_of(url) for url in farm.start}:
            if sites.setdefault(site, farm.name) != farm.name:
                raise ValueError(f"{name}: farms {sites[site]} and {farm.name} both start on {site}")
    return farms


Where = Callable[[str], str]  # of a key of a farm: the file, the line, and which farm it is


def _place(name: str, text: str, number: int, key: str) -> str:
    line = line_of(text, key, "farm", number)
    return f"{name}, farm {number}" if line is None else f"{name}, line {line}, farm {number}"


def _farm(table: dict[str, Any], where: Where) -> Farm:
    if unknown := sorted(set(table) - KEYS):
        raise ValueError(f"{where(unknown[0])}: unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    start = table.get("start")
    start = [start] if isinstance(start, str) else start
    if not isinstance(start, list) or not start:
        raise ValueError(f"{where('start')}: `start` must be a URL or a list of URLs")
    urls = tuple(_start_url(url, where("start")) for url in start)
    delay = table.get("delay")
    number = isinstance(delay, int | float) and not isinstance(delay, bool)
    if delay is not None and not (number and 0 <= delay <= MOST_DELAY):  # which NaN is not either
        raise ValueError(f"{where('delay')}: `delay` must be a number of seconds, at most {MOST_DELAY:,}")
    if not isinstance(table.get("name", ""), str):
        raise ValueError(f"{where('name')}: `name` must be a text")
    return Farm(
        str(table.get("name") or site_of(urls[0])),
        urls,
        None if delay is None else float(delay),
        _patterns(table, "include", where),
        _patterns(table, "exclude", where),
        _whole(table, "budget", where),
        _whole(table, "depth", where),
        *_bounds(table, where),
    )


def _bounds(table: dict[str, Any], where: Where) -> tuple[float | None, float | None]:
    values = [table.get(key) for key in ("revisit_min", "revisit_max")]
    least, most = values
    for key, value in zip(("revisit_min", "revisit_max"), values, strict=True):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 < value <= LONGEST.days):
            raise ValueError(f"{where(key)}: `{key}` must be a number of days, at most {LONGEST.days}")
    if least is not None and most is not None and least > most:
        raise ValueError(f"{where('revisit_min')}: `revisit_min` is more than `revisit_max`")
    return (None if least is None else float(least)), (None if most is None else float(most))


def _patterns(table: dict[str, Any], key: str, where: Where) -> tuple[str, ...]:
    value = table.get(key, [])
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or len(value) > MAX_PATTERNS:
        raise ValueError(f"{where(key)}: `{key}` must be a list of at most {MAX_PATTERNS} parts of URLs")
    for one in value:
        if not isinstance(one, str) or not one.strip("*") or len(one) > MAX_PATTERN_CHARS or len(one.split()) != 1:
            raise ValueError(f"{where(key)}: `{key}`: {one!r} is no part of a URL, such as /xyk/ or *.html?month=")
    return tuple(value)


def _whole(table: dict[str, Any], key: str, where: Where) -> int | None:
    value = table.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{where(key)}: `{key}` must be a whole number above 0")
    return value
