"""Projection: the event's own fields as one purpose may see them, compiled from its policy once.

It runs for every event and purpose on the hot path. The policy becomes one expression, so that no loop goes over the
fields.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from contracts.events.enriched import EventFields
from contracts.purposes.model import EVENT_FIELDS, Action, Purpose
from core.privacy.envelopes import Envelopes
from core.privacy.pseudonyms import Pseudonymise
from core.truncation import TRUNCATIONS

_encode = msgspec.json.Encoder().encode
_KEY_FIELDS = ("user_id", "domain_userid")


class Projection:
    """``number`` is the purpose's place among all: its fragment has that place in every enrichment's result."""

    def __init__(self, purpose: Purpose, number: int, envelopes: Envelopes | None) -> None:
        self.purpose = purpose
        self.topic = purpose.topic
        self.number = number
        actions = purpose.actions()
        kept = [name for name in EVENT_FIELDS if actions.get(name) == "keep"]
        truncated = [name for name in EVENT_FIELDS if actions.get(name) == "truncate"]
        pseudonymised = [name for name in EVENT_FIELDS if actions.get(name) == "pseudonymise"]
        encrypted = [name for name in EVENT_FIELDS if actions.get(name) == "encrypt"]
        names = (*kept, *truncated, *pseudonymised, *encrypted)
        shape = msgspec.defstruct(
            purpose.name, [(name, Any, None) for name in names], omit_defaults=True, frozen=True, gc=False
        )
        self.expression = _expression(names, actions)
        functions: dict[str, Any] = {f"truncate_{name}": TRUNCATIONS[name] for name in truncated}
        functions |= {f"encrypt_{name}": _sealing(name, envelopes) for name in encrypted}
        # The expression is made of this project's own names of fields and actions, never of an event's content.
        self._encoded: Callable[[EventFields, Pseudonymise], bytes] = eval(  # noqa: S307
            self.expression, {"encode": _encode, "shape": shape, **functions}
        )
        # An encrypted value differs in every event, and a truncated one is shared by many people: neither can be a key.
        self._keys = [(name, actions[name]) for name in _KEY_FIELDS if actions.get(name) in ("keep", "pseudonymise")]

    def event_fields_json(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes:
        """The event's own fields as JSON without the closing brace, so that the enrichments' fragments can follow."""
        return self._encoded(event, pseudonymise)[:-1]

    def kafka_key(self, event: EventFields, pseudonymise: Pseudonymise) -> bytes | None:
        """The user, else the browser, in the form in which the purpose has it; None where the purpose has neither."""
        for name, action in self._keys:
            value: str | None = getattr(event, name)
            if value is not None:
                key = value if action == "keep" else pseudonymise(name, value)
                return None if key is None else key.encode()
        return None


def _expression(names: Sequence[str], actions: Mapping[str, Action]) -> str:
    """The policy as a function of an event and its pseudonyms, such as ``lambda event, pseudonymise: encode(shape(
    event.event_id, None if (value := event.page_url) is None else truncate_page_url(value)))``.
    """
    made = {
        "keep": "event.{0}",
        "truncate": "None if (value := event.{0}) is None else truncate_{0}(value)",
        "pseudonymise": "None if (value := event.{0}) is None else pseudonymise('{0}', value)",
        "encrypt": "None if (value := event.{0}) is None else encrypt_{0}(value)",
    }
    return f"lambda event, pseudonymise: encode(shape({', '.join(made[actions[name]].format(name) for name in names)}))"


def _sealing(name: str, envelopes: Envelopes | None) -> Callable[[object], str]:
    if envelopes is None:
        raise ValueError(f"{name} is to be encrypted and there are no keys")
    seal, context = envelopes.seal, name.encode()
    return lambda value: seal(_encode(value), context)
