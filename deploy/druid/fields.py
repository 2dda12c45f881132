"""What becomes of each column of the enriched event in Druid; a test holds the lists against the event's type."""

from contracts.columns import Column, Kind, columns

JsonObject = dict[str, object]

TIME = "collector_tstamp"
"""Druid's ``__time``. Not the derived time: that follows devices' clocks, and one that is years off would open a
segment of its own."""

LEFT_OUT = {
    "user_ipaddress": "personal, and the geo columns say what analytics asks of it",
    "useragent": "personal together with the rest, nearly unique",
    "page_url": "unbounded",
    "unstruct_event": "free JSON text; the lake has it",
}
"""Columns that no datasource has, and why."""

DERIVED: tuple[JsonObject, ...] = (
    {
        "type": "expression",
        "name": "crawler",
        # A JSON true arrives as text or as 1, by Druid's version.
        "expression": "if(regexp_like(lower(nvl(user_agent_is_crawler,'')),'^(true|1)$'),'yes','no')",
    },
    {
        "type": "expression",
        "name": "referrer_host",
        "expression": "nvl(regexp_extract(page_referrer,'^https?://(?:www\\\\.)?([^/:?#]+)',1),'(direct)')",
    },
    {"type": "expression", "name": "visitor", "expression": "nvl(domain_userid,user_id)"},
    {
        "type": "expression",
        "name": "enrichment_ms",
        "expression": "etl_tstamp - collector_tstamp",
    },
)
"""Computed while reading."""

ROLLED_UP_BY = (
    "event_name",
    "platform",
    "app_id",
    "geo_country",
    "geo_region_name",
    "category",
    "listing_category",
    "user_segment",
    "user_type",
    "currency",
    "http_status",
    "geo_status",
    "user_status",
    "listing_status",
    "crawler",
    "referrer_host",
)
"""Dimensions of the minutes: few values each, for every combination is a row."""

_DIMENSION_TYPES: dict[Kind, str] = {"text": "string", "integer": "long", "number": "double", "flag": "string"}


def event_dimensions() -> list[JsonObject]:
    """Every column but the time and those left out, and the derived ones."""
    kept = [column for column in columns() if column.name != TIME and column.name not in LEFT_OUT]
    derived = [Column(name, "text", False) for name in ("crawler", "referrer_host")]
    return [_dimension(column) for column in (*kept, *derived)]


def rolled_up_dimensions() -> list[JsonObject]:
    kinds = {column.name: column for column in columns()}
    return [_dimension(kinds.get(name, Column(name, "text", False))) for name in ROLLED_UP_BY]


def _dimension(column: Column) -> JsonObject:
    return {"type": _DIMENSION_TYPES[column.kind], "name": column.name}
