"""What each column of a purpose's event becomes in Druid. A test compares the lists with the policy."""

from typing import Literal

from contracts.events.columns import Column, Kind, columns
from contracts.purposes.model import IDENTIFIERS, Purpose
from contracts.purposes.typed_views import purpose_type

JsonObject = dict[str, object]
Grain = Literal["events", "visits", "actions"]
"""A datasource of a purpose. events: every event; the others are rolled up by the minute, visits by where visitors come
from, actions by what they do."""

TIME = "collector_tstamp"
"""Druid's ``__time``. Not the derived time, which follows devices' clocks: a clock that is years off would open a
segment of its own."""

LEFT_OUT = {
    "user_ipaddress": "personal; the geo and network columns have what is asked about it",
    "useragent": "personal together with the rest, nearly unique",
    "page_url": "unbounded",
    "page_referrer": "unbounded; the refr columns have what is asked about it",
    "search_terms": "free text",
    "unstruct_event": "free JSON text; the lake has it",
    "field_errors": "a list; the lake has it",
    "device_id": "personal: names a device, and Druid cannot delete one person's rows",
    "email_domain": "personal where a family or one person has the domain",
    "client_hint_ua": "part of the user agent",
    "listing_text_hash": "unbounded; hashes are compared by their bits, which no query does",
    "listing_image_hash": "unbounded; hashes are compared by their bits, which no query does",
}
"""Columns that no datasource has, and why."""
_PERSONAL = frozenset({*IDENTIFIERS, "listing_seller_id"})
_AS_IT_IS = "names a person, and Druid cannot delete one person's rows; a pseudonym would be allowed"
_ENCRYPTED = "encrypted: another value in every row"

TYPES: dict[Kind, str] = {"text": "string", "integer": "long", "number": "double", "flag": "string", "json": "json"}
"""Of a dimension."""

STEPS = {"viewer": "listing_view", "carter": "add_to_cart", "buyer": "order"}
_VISITOR = ("domain_userid", "user_id")
_DERIVED: tuple[tuple[Column, tuple[str, ...], str], ...] = (
    (
        Column("crawler", "text", False),
        ("user_agent_is_crawler",),
        # A JSON true arrives as text or as 1, depending on Druid's version.
        "if(regexp_like(lower(nvl(user_agent_is_crawler,'')),'^(true|1)$'),'yes','no')",
    ),
    (Column("visitor", "text", False), _VISITOR, "nvl(domain_userid,user_id)"),
    # A column of visitors for each step to an order. With filtered sketches instead, Druid expects 64 KB for each of
    # them in every row.
    *(
        (Column(step, "text", False), _VISITOR, f"if(event_name == '{event_name}', nvl(domain_userid,user_id), null)")
        for step, event_name in STEPS.items()
    ),
    (Column("enrichment_ms", "integer", False), ("etl_tstamp",), "etl_tstamp - collector_tstamp"),
    (Column("worth", "number", False), ("price", "quantity"), "price * nvl(quantity,1)"),
)
"""Columns that Druid computes while it reads, if the purpose has their sources: column, sources, Druid's expression."""

VISITS = (
    "platform",
    "geo_country",
    "geo_city",
    "user_agent_name",
    "user_agent_os_name",
    "crawler",
    "user_agent_crawler_name",
    "refr_medium",
    "refr_source",
    "refr_urlhost",
    "mkt_medium",
    "mkt_source",
    "mkt_campaign",
)
"""Dimensions of the visits: where visitors come from, and with which software."""

ACTIONS = (
    "event_name",
    "platform",
    "app_id",
    "category",
    "user_segment",
    "user_type",
    "currency",
    "http_status",
    "crawler",
    "geo_status",
    "network_status",
    "user_status",
    "listing_status",
)
"""Dimensions of the actions: what visitors do. There are two roll-ups because every combination of values is a row:
with all dimensions in one, three events made two rows."""


def left_out(purpose: Purpose) -> dict[str, str]:
    """The purpose's columns that are not in Druid, and why."""
    actions = purpose.actions()
    encrypted = {name: _ENCRYPTED for name, action in actions.items() if action == "encrypt"}
    as_it_is = {name: _AS_IT_IS for name in _PERSONAL & actions.keys() if actions[name] != "pseudonymise"}
    return {name: why for name, why in (encrypted | as_it_is | LEFT_OUT).items() if name in actions}


def transforms(purpose: Purpose) -> list[JsonObject]:
    """Druid's expressions for the derived columns."""
    return [
        {"type": "expression", "name": column.name, "expression": expression}
        for column, sources, expression in _DERIVED
        if purpose.actions().keys() >= set(sources)
    ]


def readable(purpose: Purpose) -> dict[str, Column]:
    """What a datasource of the purpose can be made from: its columns and the derived ones, by name."""
    derived = {str(transform["name"]) for transform in transforms(purpose)}
    found = (*columns(purpose_type(purpose)), *(column for column, _, _ in _DERIVED if column.name in derived))
    return {column.name: column for column in found}


def event_dimensions(purpose: Purpose) -> list[JsonObject]:
    """Every column except the time and those left out, and whether a crawler sent the event."""
    names = [column.name for column in columns(purpose_type(purpose)) if column.name not in {TIME, *left_out(purpose)}]
    return dimensions(purpose, (*names, "crawler"))


def dimensions(purpose: Purpose, names: tuple[str, ...]) -> list[JsonObject]:
    """The dimensions of these names that the purpose has."""
    there = readable(purpose)
    return [_dimension(there[name]) for name in names if name in there]


def _dimension(column: Column) -> JsonObject:
    return {"type": TYPES[column.kind], "name": column.name}
