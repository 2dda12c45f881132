"""Projection: one purpose's view of the event's own fields, compiled from its policy once.

On the hot path for every event and purpose: no loop over the fields that are kept, a short one over those that change.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from contracts.enriched_event import EventFields
from enrichment_job.policy.model import EVENT_FIELDS, Purpose
from enrichment_job.policy.truncation import TRUNCATIONS
from enrichment_job.privacy.envelope import Envelopes
from enrichment_job.privacy.pseudonyms import Pseudonymise

_encode = msgspec.json.Encoder().encode
_KEY_FIELDS = ("user_id", "domain_userid")


class Projection:
    """``number`` is the purpose's place among all: where its fragments are in every answer."""

    def __init__(self, purpose: Purpose, number: int, envelopes: Envelopes | None) -> None:
        self.purpose = purpose
        self.topic = purpose.topic
        self.number = number
        actions = purpose.actions()
        kept = [name for name in EVENT_FIELDS if actions.get(name) == "keep"]
        truncated = [name for name in EVENT_FIELDS if actions.get(name) == "truncate"]
        pseudonymised = [name for name in EVENT_FIELDS if actions.get(name) == "pseudonymise"]
        encrypted = [name for name in EVENT_FIELDS if actions.get(name) == "encrypt"]
        self._kept: Callable[[EventFields], tuple[Any, ...]] = attrgetter(*kept)  # some are always kept
        self._truncated = [(attrgetter(name), TRUNCATIONS[name].apply) for name in truncated]
        self._pseudonymised = [(attrgetter(name), name) for name in pseudonymised]
        self._encrypted = [(attrgetter(name), _sealing(name, envelopes)) for name in encrypted]
        names = (*kept, *truncated, *pseudonymised, *encrypted)
        self._type = msgspec.defstruct(
            purpose.name, [(name, Any, None) for name in names], omit_defaults=True, frozen=True, gc=False
        )
        # An encrypted key would be another one for every event, a truncated one somebody else's.
        self._keys = [(name, actions[name]) for name in _KEY_FIELDS if actions.get(name) in ("keep", "pseudonymise")]

    def head(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes:
        """The fields as JSON without the closing brace."""
        return _encode(
            self._type(
                *self._kept(event),
                *[None if (value := get(event)) is None else apply(value) for get, apply in self._truncated],
                *[None if (value := get(event)) is None else pseudonymise(n, value) for get, n in self._pseudonymised],
                *[None if (value := get(event)) is None else seal(value) for get, seal in self._encrypted],
            )
        )[:-1]

    def kafka_key(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes | None:
        """The user, else the browser, in the form in which the purpose has them; None where it has neither."""
        for name, action in self._keys:
            value: str | None = getattr(event, name)
            if value is not None:
                key = value if action == "keep" else pseudonymise(name, value)
                return None if key is None else key.encode()
        return None


def _sealing(name: str, envelopes: Envelopes | None) -> Callable[[object], str]:
    if envelopes is None:
        raise ValueError(f"{name} is to be encrypted and there are no keys")
    seal, context = envelopes.seal, name.encode()
    return lambda value: seal(_encode(value), context)
