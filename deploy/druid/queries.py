"""The questions of the business as Druid SQL. Dashboards, the command and tests use the same texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from deploy.druid.measures import SKETCH_SIZE
from deploy.druid.specs import PREFIX, datasource

Kind = Literal["time", "text", "number"]
"""time: ISO 8601 with milliseconds, as in Druid's JSON."""
BUCKETS = ("PT1M", "PT5M", "PT1H", "P1D")
EVERYWHERE = "%"


@dataclass(frozen=True)
class Query:
    """``columns``: of the answer, in the order to show them.

    In the text, ``{visits}`` and ``{actions}`` stand for the datasources, ``{since}`` for a condition on ``__time``,
    ``{bucket}`` for an ISO 8601 duration, ``{country}`` for a LIKE pattern of countries' codes.
    """

    text: str
    columns: Mapping[str, Kind]


def _columns(**kinds: Kind) -> Mapping[str, Kind]:
    return MappingProxyType(kinds)


def _distinct(sketch: str, where: str = "", size: int = SKETCH_SIZE) -> str:
    only = f" FILTER (WHERE {where})" if where else ""
    return f"DS_THETA({sketch}, {size}){only}"


def _estimate(sketch: str) -> str:
    return f"THETA_SKETCH_ESTIMATE({sketch})"


def _steps(viewers: str, carters: str, buyers: str) -> str:
    """Visitors of each step who also took the steps before it. Nothing is computed with the results, because Druid
    cannot plan set operations on sketches otherwise.
    """
    return f"""\
  {_estimate(viewers)} AS viewed,
  {_estimate(f"THETA_SKETCH_INTERSECT({viewers}, {carters})")} AS put_in_cart,
  {_estimate(f"THETA_SKETCH_INTERSECT({viewers}, {carters}, {buyers})")} AS ordered"""


def _share(where: str) -> str:
    """Share of the events. Without COALESCE a sum of no rows would be null."""
    return f"1.0 * COALESCE(SUM(events) FILTER (WHERE {where}), 0) / SUM(events)"


def _people(size: int) -> str:
    return ", ".join(f"{_estimate(_distinct(name, size=size))} AS {name}" for name in ("visitors", "sessions"))


_LISTED = 1024
"""For lists of many rows: a quarter of the memory, exact up to 1,024, an error of about 3% above."""
_PEOPLE = _people(_LISTED)
_IN_VISITS = "FROM {visits} WHERE {since} AND COALESCE(geo_country, '(unknown)') LIKE '{country}'"
_PERSONS = f"{_IN_VISITS} AND crawler = 'no'"
_STEPS_OF_ACTIONS = _steps(
    *(_distinct("visitors", f"event_name = '{name}'") for name in ("listing_view", "add_to_cart", "order"))
)
_TIME = """TIME_FLOOR(__time, '{bucket}') AS "time\""""
_NO_ANSWER = "IN ('timeout', 'error')"
_GAPS = ",\n".join(
    f"  {_share(status + ' ' + _NO_ANSWER)} AS {name}"
    for name, status in (
        ("geo", "geo_status"),
        ("network", "network_status"),
        ("account", "user_status"),
        ("listing", "listing_status"),
    )
)
_FUNNEL: Mapping[str, Kind] = {"viewed": "number", "put_in_cart": "number", "ordered": "number"}


def _top(name: str, expression: str, *, of_many: bool = False) -> Query:
    """Visitors by ``expression``, the largest number first. ``of_many``: only of the hundred values with the most
    events, to save memory.
    """
    value = f"COALESCE({expression}, '(unknown)')"
    most = f"SELECT {value} {_PERSONS} GROUP BY 1 ORDER BY SUM(events) DESC, {value} LIMIT 100"
    only = f"\n  AND {value} IN ({most})" if of_many else ""
    return Query(
        f"""\
SELECT {value} AS {name}, {_PEOPLE}, SUM(events) AS events, SUM(orders) AS orders
{_PERSONS}{only} GROUP BY 1 ORDER BY visitors DESC, events DESC, {name} LIMIT 20""",
        MappingProxyType(
            {name: "text", **_columns(visitors="number", sessions="number", events="number", orders="number")}
        ),
    )


def _conversion(name: str, expression: str) -> Query:
    """The steps to an order by ``expression``, which the events of these steps must have."""
    return Query(
        f"""\
SELECT {expression} AS {name},
{_STEPS_OF_ACTIONS}
FROM {{actions}} WHERE {{since}} AND crawler = 'no' GROUP BY 1 ORDER BY viewed DESC, {name} LIMIT 20""",
        MappingProxyType({name: "text", **_FUNNEL}),
    )


QUERIES: Mapping[str, Query] = MappingProxyType(
    {
        "visitors_over_time": Query(
            f"SELECT {_TIME}, {_people(SKETCH_SIZE)}\n{_PERSONS} GROUP BY 1 ORDER BY 1",
            _columns(time="time", visitors="number", sessions="number"),
        ),
        "events_over_time": Query(
            f"""\
SELECT {_TIME}, event_name, SUM(events) AS events
FROM {{actions}} WHERE {{since}} GROUP BY 1, 2 ORDER BY 1""",
            _columns(time="time", event_name="text", events="number"),
        ),
        "visitors_by_country": _top("country", "geo_country"),
        "visitors_by_city": _top("city", "geo_city || ', ' || geo_country", of_many=True),
        "browsers": _top("browser", "user_agent_name"),
        "systems": _top("os", "user_agent_os_name"),
        # Where a visit came from. Steps inside the site say nothing about that.
        "traffic_sources": Query(
            f"""\
SELECT COALESCE(mkt_medium, refr_medium, '(none)') AS medium,
  COALESCE(mkt_source, refr_source, refr_urlhost, '(none)') AS source, {_PEOPLE}, SUM(events) AS events
{_PERSONS} AND COALESCE(mkt_medium, refr_medium, '(none)') <> 'internal'
GROUP BY 1, 2 ORDER BY visitors DESC, events DESC, medium, source LIMIT 20""",
            _columns(medium="text", source="text", visitors="number", sessions="number", events="number"),
        ),
        "campaigns": Query(
            f"""\
SELECT COALESCE(mkt_campaign, '(none)') AS campaign, COALESCE(mkt_medium, '(none)') AS medium,
  COALESCE(mkt_source, '(none)') AS source, {_PEOPLE}, SUM(events) AS events
{_PERSONS} AND (mkt_campaign IS NOT NULL OR mkt_medium IS NOT NULL OR mkt_source IS NOT NULL)
GROUP BY 1, 2, 3 ORDER BY visitors DESC, events DESC, campaign, medium, source LIMIT 20""",
            _columns(
                campaign="text", medium="text", source="text", visitors="number", sessions="number", events="number"
            ),
        ),
        "crawlers": Query(
            f"""\
SELECT COALESCE(user_agent_crawler_name, '(unnamed)') AS crawler, SUM(events) AS events
{_IN_VISITS} AND crawler = 'yes' GROUP BY 1 ORDER BY events DESC, crawler LIMIT 20""",
            _columns(crawler="text", events="number"),
        ),
        "crawler_share": Query(
            f"""\
SELECT {_TIME}, {_share("crawler = 'yes'")} AS share
{_IN_VISITS} GROUP BY 1 ORDER BY 1""",
            _columns(time="time", share="number"),
        ),
        "conversion": Query(
            f"SELECT\n{_steps(*map(_distinct, ('viewers', 'carters', 'buyers')))}\n{_PERSONS}", _columns(**_FUNNEL)
        ),
        "conversion_by_segment": _conversion("segment", "COALESCE(user_segment, '(no account)')"),
        "conversion_by_category": _conversion("category", "COALESCE(category, '(none)')"),
        "revenue": Query(
            f"""\
SELECT {_TIME}, COALESCE(currency, '(none)') AS currency, SUM(revenue) AS revenue
FROM {{actions}} WHERE {{since}} AND event_name = 'order' GROUP BY 1, 2 ORDER BY 1""",
            _columns(time="time", currency="text", revenue="number"),
        ),
        "revenue_by_category": Query(
            """\
SELECT COALESCE(currency, '(none)') AS currency, COALESCE(category, '(none)') AS category, SUM(events) AS orders,
  SUM(revenue) AS revenue
FROM {actions} WHERE {since} AND event_name = 'order' GROUP BY 1, 2 ORDER BY revenue DESC LIMIT 20""",
            _columns(currency="text", category="text", orders="number", revenue="number"),
        ),
        "enrichment_delay": Query(
            f"""\
SELECT {_TIME}, 1.0 * SUM(enrichment_ms_sum) / SUM(events) AS mean_ms, MAX(enrichment_ms_max) AS max_ms
FROM {{actions}} WHERE {{since}} GROUP BY 1 ORDER BY 1""",
            _columns(time="time", mean_ms="number", max_ms="number"),
        ),
        "enrichment_gaps": Query(
            f"SELECT {_TIME},\n{_GAPS}\nFROM {{actions}} WHERE {{since}} GROUP BY 1 ORDER BY 1",
            _columns(time="time", geo="number", network="number", account="number", listing="number"),
        ),
    }
)
COUNTRIES = Query(
    "SELECT DISTINCT geo_country AS country FROM {visits} WHERE {since} AND geo_country IS NOT NULL ORDER BY 1",
    _columns(country="text"),
)


def query(
    name: str,
    purpose: str,
    *,
    since: str = "__time > CURRENT_TIMESTAMP - INTERVAL '1' DAY",
    bucket: str = BUCKETS[0],
    country: str = EVERYWHERE,
    prefix: str = PREFIX,
) -> str:
    """The text of a query for a purpose. Raises KeyError for an unknown name."""
    return fill(QUERIES[name], purpose, since=since, bucket=bucket, country=country, prefix=prefix)


def fill(
    asked: Query, purpose: str, *, since: str, bucket: str = "", country: str = EVERYWHERE, prefix: str = PREFIX
) -> str:
    tables = {grain: f'"{datasource(purpose, grain, prefix)}"' for grain in ("visits", "actions")}
    return asked.text.format(since=since, bucket=bucket, country=country, **tables)
