"""What account security reads of an event has the types that the enriched event's contract gives it. A field of
another type would make every event that has it unreadable.
"""

from contracts.events.columns import columns
from core.risk.security_event import SecurityEvent

ENRICHED = {column.name: column for column in columns()}
OWN = {column.name: column for column in columns(SecurityEvent)}


def test_every_field_is_one_of_the_enriched_event() -> None:
    assert len(OWN) > 60
    assert OWN.keys() - ENRICHED.keys() == set()


def test_every_field_has_the_enriched_events_type() -> None:
    wrong = {name: (each.kind, ENRICHED[name].kind) for name, each in OWN.items() if each.kind != ENRICHED[name].kind}
    assert wrong == {}


def test_only_what_is_always_there_is_required() -> None:
    assert {name for name, each in OWN.items() if each.required} <= {
        name for name, each in ENRICHED.items() if each.required
    }
