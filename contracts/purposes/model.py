"""A purpose as the policy file declares it, in plain, hashable values: they are sent to the task managers."""

from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from contracts.enrichments import ENRICHMENTS, Enrichment
from contracts.events.enriched import EventFields

Action = Literal["keep", "drop", "truncate", "pseudonymise", "encrypt"]
"""keep: as it is; drop: absent, like every field that is not named; truncate: made coarse, see :mod:`core.truncation`;
pseudonymise: HMAC under the epoch's key; encrypt: an AES-GCM envelope."""
ACTIONS: tuple[Action, ...] = get_args(Action)
Consent = Literal["needed", "not_needed"]
RETENTION_DAYS = 7

EVENT_FIELDS: tuple[str, ...] = EventFields.__struct_fields__
ENRICHMENT_FIELDS: frozenset[str] = frozenset(name for each in ENRICHMENTS for name in each.field_names)
EVENT_ID = "event_id"
IDENTIFIERS = ("user_id", "domain_userid", "domain_sessionid")
"""Fields that name a person, a browser or a visit."""
DEFAULT_KEY = ("user_id", "domain_userid")
PSEUDONYMISABLE = (EVENT_ID, *IDENTIFIERS)
"""Each under its own name, so that equal texts in two fields have two pseudonyms."""
ALWAYS_KEPT = (EVENT_ID, "event_name", "collector_tstamp")
"""Consumers de-duplicate by the first, and the ledger balances by it. It may be a pseudonym."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """One enriched topic. An event fails as a whole where a purpose that gets it lacks a required enrichment."""

    name: str
    topic: str
    fields: tuple[tuple[str, Action], ...]
    """The fields that are there in some form, in the event's order."""
    events: frozenset[str] | None = None
    """Names of its events; None: all."""
    required: frozenset[str] = frozenset()
    consent: Consent = "needed"
    """``not_needed``: it gets the events of those who have opted out, too."""
    retention_days: int = RETENTION_DAYS
    """How long its topic keeps an event."""
    key: tuple[str, ...] = DEFAULT_KEY
    """The identifiers that key its topic: the first one that the event has and the purpose sees."""
    about: str = ""
    """What it is for, in a sentence, as it stands in the topic's description."""

    def takes(self, event_name: str | None) -> bool:
        return self.events is None or event_name in self.events

    @property
    def has_event_pseudonyms(self) -> bool:
        """Its events cannot be joined with another purpose's by their id."""
        return (EVENT_ID, "pseudonymise") in self.fields

    def actions(self) -> dict[str, Action]:
        return dict(self.fields)

    def has_enrichment(self, enrichment: Enrichment) -> bool:
        """Whether it has the enrichment's status: it has one of its fields, or requires it."""
        actions = self.actions()
        return enrichment.name in self.required or any(name in actions for name in enrichment.field_names)


EVERYTHING = Purpose("everything", "", tuple((name, "keep") for name in (*EVENT_FIELDS, *sorted(ENRICHMENT_FIELDS))))
"""All fields, unchanged: for callers who have the raw event anyway."""


def original_types() -> dict[str, object]:
    """Every field's type before a policy changes it."""
    parts: tuple[type[msgspec.Struct], ...] = (EventFields, *(each.fields for each in ENRICHMENTS))
    return {field.name: field.type for part in parts for field in msgspec.structs.fields(part)}
