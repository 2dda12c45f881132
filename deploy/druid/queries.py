"""The questions that the business asks, as Druid SQL over the minutes; dashboards and tests use these very texts.

``{minutes}`` and ``{events}`` are the datasources, ``{since}`` a condition on ``__time``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from deploy.druid.specs import SKETCH_SIZE, datasource

_VISITORS = f"CAST(THETA_SKETCH_ESTIMATE(DS_THETA(visitors, {SKETCH_SIZE})) AS BIGINT)"
_SESSIONS = f"CAST(THETA_SKETCH_ESTIMATE(DS_THETA(sessions, {SKETCH_SIZE})) AS BIGINT)"

QUERIES: Mapping[str, str] = MappingProxyType(
    {
        "events_over_time": """\
SELECT TIME_FLOOR(__time, 'PT1M') AS "time", event_name, SUM(events) AS events
FROM {minutes} WHERE {since} GROUP BY 1, 2 ORDER BY 1""",
        "visitors_by_country": f"""\
SELECT COALESCE(geo_country, '(unknown)') AS country, {_VISITORS} AS visitors, {_SESSIONS} AS sessions,
  SUM(events) AS events
FROM {{minutes}} WHERE {{since}} AND crawler = 'no' GROUP BY 1 ORDER BY visitors DESC, country LIMIT 20""",
        "traffic_sources": f"""\
SELECT referrer_host, {_VISITORS} AS visitors, SUM(events) AS events
FROM {{minutes}} WHERE {{since}} AND crawler = 'no' GROUP BY 1 ORDER BY events DESC, referrer_host LIMIT 20""",
        "crawler_share": """\
SELECT TIME_FLOOR(__time, 'PT1H') AS "time", SUM(events) FILTER (WHERE crawler = 'yes') AS crawler_events,
  SUM(events) AS events, 1.0 * SUM(events) FILTER (WHERE crawler = 'yes') / SUM(events) AS share
FROM {minutes} WHERE {since} GROUP BY 1 ORDER BY 1""",
        # Bare, for Druid plans set operations on sketches only where nothing is computed with the result.
        "conversion": f"""\
SELECT
  THETA_SKETCH_ESTIMATE(DS_THETA(visitors, {SKETCH_SIZE}) FILTER (WHERE event_name = 'listing_view')) AS viewers,
  THETA_SKETCH_ESTIMATE(THETA_SKETCH_INTERSECT(
    DS_THETA(visitors, {SKETCH_SIZE}) FILTER (WHERE event_name = 'listing_view'),
    DS_THETA(visitors, {SKETCH_SIZE}) FILTER (WHERE event_name = 'order'))) AS buyers
FROM {{minutes}} WHERE {{since}} AND crawler = 'no'""",
        "enrichment_delay": """\
SELECT TIME_FLOOR(__time, 'PT1M') AS "time", 1.0 * SUM(enrichment_ms_sum) / SUM(events) AS mean_ms,
  MAX(enrichment_ms_max) AS max_ms
FROM {minutes} WHERE {since} GROUP BY 1 ORDER BY 1""",
    }
)


def query(name: str, purpose: str, since: str = "__time > CURRENT_TIMESTAMP - INTERVAL '1' DAY") -> str:
    """The text of a query for a purpose. Raises KeyError for a name that is none."""
    tables = {grain: f'"{datasource(purpose, grain)}"' for grain in ("minutes", "events")}
    return QUERIES[name].format(since=since, **tables)
