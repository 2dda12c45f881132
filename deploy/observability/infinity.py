"""Druid's SQL as a query of Grafana's Infinity data source, which Grafana's library of panels does not know.

How the data source's backend reads a query: without ``columns`` a time is a text, and the columns are in alphabetical
order. In the format ``timeseries`` a column of text makes one series for each value, if the rows are sorted by time.
"""

from collections.abc import Mapping

import msgspec
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.druid.queries import Kind, Query

DRUID = DataSourceRef(type_val="yesoreyeram-infinity-datasource", uid="druid")
_TYPES: Mapping[Kind, str] = {"time": "timestamp", "text": "string", "number": "number"}
_ISO_8601 = "2006-01-02T15:04:05Z07:00"
"""In Go's notation for formats. Milliseconds are read, too."""


def is_over_time(query: Query) -> bool:
    return "time" in query.columns.values()


def infinity_query(query: Query, text: str) -> dict[str, object]:
    """``text``: the query with names filled in. Grafana fills in its variables."""
    return {
        "refId": "A",
        "datasource": DRUID.to_json(),
        "type": "json",
        "source": "url",
        "parser": "backend",
        "format": "timeseries" if is_over_time(query) else "table",
        "root_selector": "",
        "columns": [_column(name, kind) for name, kind in query.columns.items()],
        "url": "/druid/v2/sql",
        "url_options": {
            "method": "POST",
            "body_type": "raw",
            "body_content_type": "application/json",
            "data": msgspec.json.encode({"query": text}).decode(),
        },
    }


class DruidQuery(Builder[Dataquery]):
    def __init__(self, query: Query, text: str) -> None:
        self._query = UnknownDataquery(infinity_query(query, text))

    def build(self) -> Dataquery:
        return self._query


def _column(name: str, kind: Kind) -> dict[str, str]:
    column = {"selector": name, "text": name, "type": _TYPES[kind]}
    return column | {"timestampFormat": _ISO_8601} if kind == "time" else column
