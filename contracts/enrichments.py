"""The table of enrichments: what is added to an event, and what each enrichment is made from.

The types of enriched events, the policy of purposes, the schemas, the job and ``/v1/enrich`` are all made from this
table. An enrichment is either looked up by a key of the event, or derived from values that are there already.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeAlias

import msgspec

from contracts.lookup_api.lookups import VALUE_TYPES, Campaign, Kind, Referrer, UserAgent

ENRICHMENT_VERSION = "1.3.0"
"""Version of the enrichment's meaning, in every event: raised when an equal input gives another output."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The local calendar at the moment of the event."""

    calendar_weekday: Annotated[int, msgspec.Meta(ge=1, le=7)] | None = None
    """ISO 8601: 1 is Monday, 7 is Sunday."""
    calendar_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] | None = None
    calendar_is_weekend: bool | None = None
    """By the country's own weekend; Saturday or Sunday where the country is not known."""
    calendar_is_holiday: bool | None = None
    """Whether it is a public holiday in the whole country. Absent where the country is not known or not supported."""
    calendar_holiday_name: str | None = None
    """In the country's own language."""


class Lookup(NamedTuple):
    """An enrichment that the lookup service answers. Its fields are those of the kind's value."""

    name: str
    kind: Kind
    key: str
    """The event's field that is looked up. An event without it has the status ``missing``."""

    @property
    def uses(self) -> tuple[str, ...]:
        """A lookup uses no other enrichment."""
        return ()

    @property
    def fields(self) -> type[msgspec.Struct]:
        return VALUE_TYPES[self.kind]

    @property
    def field_names(self) -> tuple[str, ...]:
        return self.fields.__struct_fields__

    @property
    def status_field(self) -> str:
        return f"{self.name}_status"


class Derived(NamedTuple):
    """An enrichment that ``compute`` in :mod:`core.derived.<name>` makes, the same in the job and in ``/v1/enrich``.

    :mod:`core.registry` binds the rows to their functions, and says at the start which row is wrong.
    """

    name: str
    inputs: tuple[str, ...]
    """What ``compute`` gets, in this order. ``page_url`` is a field of the event; ``geo.geo_country`` is a field of an
    enrichment that stands above this row, so that there are no circles. A value that is not there is None. Without the
    first input there is nothing to compute: the status is ``missing``."""
    fields: type[msgspec.Struct]

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the enrichments whose fields are among the inputs."""
        return tuple(dict.fromkeys(each.enrichment for each in map(input_of, self.inputs) if each.enrichment))

    @property
    def field_names(self) -> tuple[str, ...]:
        return self.fields.__struct_fields__

    @property
    def status_field(self) -> str:
        return f"{self.name}_status"


Enrichment: TypeAlias = Lookup | Derived
"""Both have ``name``, ``fields`` (the struct with its fields), ``field_names``, ``status_field`` and ``uses``."""

ENRICHMENTS: tuple[Enrichment, ...] = (
    # Geo and network have the same key: started one after the other, they go out in the same request.
    Lookup("geo", kind="ip", key="user_ipaddress"),
    Lookup("network", kind="network", key="user_ipaddress"),
    Derived("user_agent", inputs=("useragent", "user_ipaddress", "app_id"), fields=UserAgent),
    Derived("referrer", inputs=("page_referrer", "page_url"), fields=Referrer),
    Derived("campaign", inputs=("page_url",), fields=Campaign),
    Lookup("user", kind="user", key="user_id"),
    Lookup("listing", kind="listing", key="listing_id"),
    Derived(
        "calendar", inputs=("derived_tstamp", "os_timezone", "geo.geo_timezone", "geo.geo_country"), fields=Calendar
    ),
)
"""In the order of an enriched event's fields: a new row goes to the end."""
ENRICHMENT_NAMES: tuple[str, ...] = tuple(each.name for each in ENRICHMENTS)
LOOKUP_OF_KIND: Mapping[Kind, Lookup] = MappingProxyType(
    {each.kind: each for each in ENRICHMENTS if isinstance(each, Lookup)}
)


class Input(NamedTuple):
    """One entry of :attr:`Derived.inputs`."""

    enrichment: str | None
    """None: a field of the event itself."""
    field: str


def input_of(text: str) -> Input:
    """``page_url`` or ``geo.geo_country``, taken apart."""
    enrichment, dot, field = text.partition(".")
    return Input(enrichment, field) if dot else Input(None, text)


def fields_used_by_others(name: str, table: tuple[Enrichment, ...] = ENRICHMENTS) -> tuple[str, ...]:
    """The fields of that enrichment which derived enrichments of the table have among their inputs."""
    inputs = [input_of(text) for each in table if isinstance(each, Derived) for text in each.inputs]
    return tuple(dict.fromkeys(each.field for each in inputs if each.enrichment == name))
