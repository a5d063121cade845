"""A facet of Datasette that counts by month, for columns that hold ISO 8601 dates: `_facet_month=published`."""

from __future__ import annotations

import re
from typing import Any

from datasette import facets, hookimpl, utils  # type: ignore[attr-defined]
from datasette.database import QueryInterrupted

from chaffinch.faces.datasette_plugin.tables.links import is_corpus

_Facet: Any = facets.Facet  # Datasette has no types
_utils: Any = utils
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


class MonthFacet(_Facet):  # type: ignore[misc]
    """Rows by the month that a column's value begins with, the latest first; what begins with none is left out."""

    type = "month"

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The months of each column that is asked for, and the columns that took too long."""
        found, too_long = [], []
        for asked in self.get_configs():
            column = asked["config"].get("column") or asked["config"]["simple"]
            try:
                months = await self._months(column)
            except QueryInterrupted:
                too_long.append(column)
                continue
            found.append({
                "name": column,
                "type": self.type,
                "hideable": asked["source"] != "metadata",
                "toggle_url": self.ds.urls.path(_utils.path_with_removed_args(self.request, {"_facet_month": column})),
                "results": [self._value(column, month, count) for month, count in months[: self.get_facet_size()]],
                "truncated": len(months) > self.get_facet_size(),
            })  # fmt: skip
        return found, too_long

    async def _months(self, column: str) -> list[tuple[str, int]]:
        month = f"substr({_utils.escape_sqlite(column)}, 1, 7)"
        rows = await self.ds.execute(
            self.database,
            f"SELECT {month}, count(*) FROM ({self.sql}) WHERE {month} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'"
            f" GROUP BY 1 ORDER BY 1 DESC LIMIT {self.get_facet_size() + 1}",
            self.params,
            truncate=False,
            custom_time_limit=self.ds.setting("facet_time_limit_ms"),
        )
        return [(str(value), count) for value, count in rows if _MONTH.fullmatch(str(value))]

    def _value(self, column: str, month: str, count: int) -> dict[str, Any]:
        chosen = {f"{column}__startswith": month}
        selected = next(iter(chosen.items())) in self.get_querystring_pairs()
        toggle = _utils.path_with_removed_args if selected else _utils.path_with_added_args
        return {
            "value": month,
            "label": month,
            "count": count,
            "toggle_url": self.ds.absolute_url(self.request, self.ds.urls.path(toggle(self.request, chosen))),
            "selected": selected,
        }


@hookimpl(specname="startup")
def link_plainly(datasette: Any) -> None:
    """Has the links of facets made of plain strings: those of Datasette look through dir(str) at every use."""
    absolute = datasette.absolute_url
    datasette.absolute_url = lambda request, path: absolute(request, str(path))


@hookimpl
def startup(datasette: Any) -> None:
    """Suggests no further facets where nothing but corpora is open: to find some, Datasette groups by every column,
    which takes seconds for each page of a table of 25 columns and some 10,000 long texts."""
    files = [database.path for database in datasette.databases.values() if database.path]
    if files and all(is_corpus(path) for path in files):
        datasette._settings["suggest_facets"] = False


@hookimpl
def register_facet_classes() -> list[type[MonthFacet]]:
    """Makes `month` a kind of facet, beside Datasette's `date` and `array`."""
    return [MonthFacet]
