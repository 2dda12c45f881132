"""Projection: one purpose's view of the event's own fields, compiled from its policy once.

On the hot path for every event and purpose: no loop over the fields that are kept, a short one over those that change.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from contracts.enriched_event import EventFields
from enrichment_job.policy.model import EVENT_FIELDS, Action, Purpose
from enrichment_job.policy.truncation import TRUNCATIONS
from enrichment_job.privacy.envelope import Envelopes
from enrichment_job.privacy.pseudonyms import Pseudonymise

_encode = msgspec.json.Encoder().encode
_Change = Callable[[Any, Pseudonymise], Any]
_KEY_FIELDS = ("user_id", "domain_userid")


class Projection:
    """``number`` is the purpose's place among all: where its fragments are in every answer."""

    def __init__(self, purpose: Purpose, number: int, envelopes: Envelopes | None) -> None:
        self.purpose = purpose
        self.topic = purpose.topic
        self.number = number
        actions = purpose.actions()
        kept = [name for name in EVENT_FIELDS if actions.get(name) == "keep"]
        changed = [name for name in EVENT_FIELDS if actions.get(name) not in (None, "keep")]
        self._kept: Callable[[EventFields], tuple[Any, ...]] = attrgetter(*kept)  # some are always kept
        self._changed = [(attrgetter(name), _change(name, actions[name], envelopes)) for name in changed]
        self._type = msgspec.defstruct(
            purpose.name, [(name, Any, None) for name in (*kept, *changed)], omit_defaults=True, frozen=True, gc=False
        )
        # An encrypted key would be another one for every event, a truncated one somebody else's.
        self._keys = [(name, actions[name]) for name in _KEY_FIELDS if actions.get(name) in ("keep", "pseudonymise")]

    def head(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes:
        """The fields as JSON without the closing brace."""
        changed = [
            None if (value := get(event)) is None else change(value, pseudonymise) for get, change in self._changed
        ]
        return _encode(self._type(*self._kept(event), *changed))[:-1]

    def kafka_key(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes | None:
        """The user, else the browser, in the form in which the purpose has them; None where it has neither."""
        for name, action in self._keys:
            value: str | None = getattr(event, name)
            if value is not None:
                key = value if action == "keep" else pseudonymise(name, value)
                return None if key is None else key.encode()
        return None


def _change(name: str, action: Action, envelopes: Envelopes | None) -> _Change:
    if action == "truncate":
        apply = TRUNCATIONS[name].apply
        return lambda value, _: apply(value)
    if action == "pseudonymise":
        return lambda value, pseudonymise: pseudonymise(name, value)
    if envelopes is None:
        raise ValueError(f"{name} is to be encrypted and there are no keys")
    seal, context = envelopes.seal, name.encode()
    return lambda value, _: seal(_encode(value), context)
