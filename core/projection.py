"""Projection: an event as one purpose may see it, compiled from its policy once.

It runs for every event and purpose on the hot path. The policy becomes one expression, so that no loop goes over the
fields.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from common.flink.output_record import OutputRecord
from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields
from contracts.purposes.model import EVENT_FIELDS, EVENT_ID, Action, Purpose
from core.field_groups import members, pseudonymised_group, pseudonymised_key, truncated_groups
from core.flat_event import EnrichmentResult
from core.privacy.envelopes import Envelopes
from core.privacy.pseudonyms import Pseudonymise

_encode = msgspec.json.Encoder().encode


class Projection:
    """``number`` is the purpose's place among all: its fragment has that place in every enrichment's result."""

    def __init__(self, purpose: Purpose, number: int, envelopes: Envelopes | None) -> None:
        self.purpose = purpose
        self.topic = purpose.topic
        self.number = number
        names: dict[str, Any] = {"encode": _encode, "topic": purpose.topic}
        parts = ", ".join(_event_parts(purpose, envelopes, names))
        key = _key_expression(purpose, names)
        fragments = [
            f"results[{place}].fragments[{number}]"
            for place, each in enumerate(ENRICHMENTS)
            if purpose.has_enrichment(each)
        ]
        value = ", ".join((parts, *fragments, 'b"}"'))
        self.expressions = (
            f'lambda event, pseudonymise: b"".join(({parts},))',
            f"lambda event, pseudonymise: {key}",
            f'lambda event, results, pseudonymise: (topic, {key}, b"".join(({value})), event.collector_tstamp)',
        )
        # They are made of this project's own names of fields and actions, never of an event's content.
        event_fields_json, kafka_key, record = (eval(each, names) for each in self.expressions)  # noqa: S307
        self.event_fields_json: Callable[[EventFields, Pseudonymise], bytes] = event_fields_json
        """The event's own fields as JSON without the closing brace, so that the enrichments' fragments can follow."""
        self.kafka_key: Callable[[EventFields, Pseudonymise], bytes | None] = kafka_key
        """The first identifier of the purpose's key that the event has, in the purpose's form of it, or None."""
        self.record: Callable[[EventFields, Sequence[EnrichmentResult], Pseudonymise], OutputRecord] = record
        """The whole record, of an event and all its results in the order of the table."""


def _event_parts(purpose: Purpose, envelopes: Envelopes | None, names: dict[str, Any]) -> list[str]:
    """The policy as expressions that make the event's own fields: first what is kept, then what is truncated, what is
    pseudonymised and what is encrypted. ``names`` gets what they refer to.
    """
    by_action: dict[Action, list[str]] = {"keep": [], "truncate": [], "pseudonymise": [], "encrypt": []}
    actions = purpose.actions()
    for name in EVENT_FIELDS:
        if actions.get(name, "drop") != "drop":
            by_action[actions[name]].append(name)
    names["kept"] = _shape("kept", by_action["keep"])
    parts = [f"encode(kept({', '.join(f'event.{name}' for name in by_action['keep'])}))[:-1]"]
    for number, (key, group) in enumerate(truncated_groups(by_action["truncate"])):
        names[f"group_{number}"] = group
        parts.append(f"group_{number}[{key}]")
    pseudonymised = by_action["pseudonymise"]
    if EVENT_ID in pseudonymised:  # it does not repeat: to remember it would only fill the memory
        pseudonymised.remove(EVENT_ID)
        names["id_alone"] = _id_alone
        parts.append("id_alone(event, pseudonymise)")
    if pseudonymised:
        key, names["pseudonyms"] = pseudonymised_group(pseudonymised)
        parts.append(f"pseudonyms[{key}]")
    if by_action["encrypt"]:
        names["encrypted"] = _encrypting(by_action["encrypt"], envelopes)
        parts.append("encrypted(event)")
    return parts


def _key_expression(purpose: Purpose, names: dict[str, Any]) -> str:
    """An encrypted value differs in every event, and a truncated one is shared by many people: neither can be a key."""
    actions = purpose.actions()
    expression = "None"
    for name in reversed(purpose.key):
        match actions.get(name):
            case "keep":
                made = "value.encode()"
            case "pseudonymise":
                names[f"key_{name}"] = pseudonymised_key(name)
                made = f"key_{name}[pseudonymise, value]"
            case _:
                continue
        expression = f"{made} if (value := event.{name}) is not None else {expression}"
    return expression


def _id_alone(event: EventFields, pseudonymise: Pseudonymise) -> bytes:
    return members([(EVENT_ID, pseudonymise(EVENT_ID, event.event_id))])


def _encrypting(names: Sequence[str], envelopes: Envelopes | None) -> Callable[[EventFields], bytes]:
    if envelopes is None:
        raise ValueError(f"{names[0]} is to be encrypted and there are no keys")
    seal = envelopes.seal

    def encrypted(event: EventFields) -> bytes:
        values = [(name, getattr(event, name)) for name in names]
        return members((name, None if value is None else seal(_encode(value), name.encode())) for name, value in values)

    return encrypted


def _shape(name: str, fields: Sequence[str]) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, [(field, Any, None) for field in fields], omit_defaults=True, frozen=True, gc=False)
