"""The table of enrichments: what is added to an event, from which of its fields, and where that is worked out.

Everything that goes through all enrichments (the job's paths, the policy, the schemas) goes through this table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from contracts.lookup_api.lookups import VALUE_TYPES, Kind, Value


class Enrichment(NamedTuple):
    """``name`` is the enrichment's; its status field is ``<name>_status``."""

    name: str
    kind: Kind
    key_field: str
    """The event's field that is looked up; an event without it has the status ``missing``."""
    is_pure: bool = False
    """Worked out from the text alone, inside the job, by the package ``enrichments``."""

    @property
    def status_field(self) -> str:
        return f"{self.name}_status"

    @property
    def value_type(self) -> type[Value]:
        return VALUE_TYPES[self.kind]

    @property
    def fields(self) -> tuple[str, ...]:
        return self.value_type.__struct_fields__


ENRICHMENTS: tuple[Enrichment, ...] = (
    # Geo and network have the same key: asked one after the other, they go out in the same batch.
    Enrichment("geo", "ip", "user_ipaddress"),
    Enrichment("network", "network", "user_ipaddress"),
    Enrichment("user_agent", "useragent", "useragent", is_pure=True),
    Enrichment("referrer", "referrer", "page_referrer", is_pure=True),
    Enrichment("campaign", "campaign", "page_url", is_pure=True),
    Enrichment("user", "user", "user_id"),
    Enrichment("listing", "listing", "listing_id"),
)
ENRICHMENT_NAMES: tuple[str, ...] = tuple(enrichment.name for enrichment in ENRICHMENTS)
ENRICHMENT_OF_KIND: Mapping[Kind, Enrichment] = MappingProxyType({each.kind: each for each in ENRICHMENTS})
