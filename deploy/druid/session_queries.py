"""The questions about sessions as Druid SQL."""

from collections.abc import Mapping
from types import MappingProxyType

from deploy.druid.queries import BUCKETS, EVERYWHERE, Kind, Query
from deploy.druid.sessions import session_datasource
from deploy.druid.specs import PREFIX

_RATES: Mapping[str, Kind] = MappingProxyType(
    {"sessions": "number", "engaged_share": "number", "bounce_rate": "number", "average_s": "number"}
)
# Where a superseded session has left a sum of 0, there is no share.
_OF_SESSIONS = """\
SUM(sessions) AS sessions,
  1.0 * SUM(engaged) / NULLIF(SUM(sessions), 0) AS engaged_share,
  1.0 * SUM(bounces) / NULLIF(SUM(sessions), 0) AS bounce_rate,
  SUM(duration_ms) / 1000.0 / NULLIF(SUM(sessions), 0) AS average_s"""
_WHERE = "FROM {sessions} WHERE {since} AND bot = 'no' AND COALESCE(geo_country, '(unknown)') LIKE '{country}'"


def _by(name: str, expression: str) -> Query:
    """Sessions by ``expression``, the largest number first, without the values that no session has any more."""
    return Query(
        f"""\
SELECT {expression} AS {name}, {_OF_SESSIONS}
{_WHERE} GROUP BY 1 HAVING SUM(sessions) > 0 ORDER BY sessions DESC, {name} LIMIT 20""",
        MappingProxyType({name: "text", **_RATES}),
    )


SESSION_QUERIES: Mapping[str, Query] = MappingProxyType(
    {
        "sessions": Query(f"SELECT {_OF_SESSIONS}\n{_WHERE}", _RATES),
        "sessions_over_time": Query(
            f"""\
SELECT TIME_FLOOR(__time, '{{bucket}}') AS "time", {_OF_SESSIONS}
{_WHERE} GROUP BY 1 ORDER BY 1""",
            MappingProxyType({"time": "time", **_RATES}),
        ),
        "sessions_by_channel": _by("channel", "COALESCE(channel, '(none)')"),
        "sessions_by_device": _by("device", "COALESCE(device, '(unknown)')"),
        "sessions_by_country": _by("country", "COALESCE(geo_country, '(unknown)')"),
        "entry_pages": _by("entry_page", "COALESCE(entry_page, '(none)')"),
        # By currency, because values in different currencies have no sum.
        "orders_by_channel": Query(
            f"""\
SELECT COALESCE(channel, '(none)') AS channel, COALESCE(order_currency, '(none)') AS currency,
  SUM(orders) AS orders, SUM(order_value) AS order_value
{_WHERE} GROUP BY 1, 2 HAVING SUM(orders) > 0 ORDER BY orders DESC, channel, currency LIMIT 20""",
            MappingProxyType({"channel": "text", "currency": "text", "orders": "number", "order_value": "number"}),
        ),
    }
)


def session_query(
    name: str,
    *,
    since: str = "__time > CURRENT_TIMESTAMP - INTERVAL '1' DAY",
    bucket: str = BUCKETS[0],
    country: str = EVERYWHERE,
    prefix: str = PREFIX,
) -> str:
    """The text of a query about sessions. Raises KeyError for an unknown name."""
    return SESSION_QUERIES[name].text.format(
        since=since, bucket=bucket, country=country, sessions=f'"{session_datasource(prefix)}"'
    )
