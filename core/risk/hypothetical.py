"""From the event of a ``POST /v1/risk`` to the one that rules are evaluated with."""

from collections.abc import Mapping

import msgspec

from contracts.security.risk import RiskEvent
from core.risk.security_event import SecurityEvent

_FIELDS = frozenset(SecurityEvent.__struct_fields__)


def security_event(event: RiskEvent, *, event_id: str, at: int, enriched: Mapping[str, object]) -> SecurityEvent:
    """
    :param event_id: where the event has none.
    :param at: ms since 1970 UTC, where the event has no time.
    :param enriched: enriched fields by name, such as ``geo_country``; others than the event's are ignored.
    :raises msgspec.ValidationError: for an enriched value of another type than the field's.
    """
    sent = msgspec.structs.asdict(event)
    attributes = msgspec.structs.asdict(sent.pop("attributes"))
    known = {name: value for name, value in {**attributes, **sent, **enriched}.items() if name in _FIELDS}
    known["event_id"] = event.event_id or event_id
    known["collector_tstamp"] = at if event.collector_tstamp is None else event.collector_tstamp
    return msgspec.convert(known, SecurityEvent)
