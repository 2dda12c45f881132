"""Reads the policy file and checks it. Whatever is wrong stops the start, with the line and the reason."""

import re
from pathlib import Path

from contracts.enrichments import ENRICHMENT_NAMES, ENRICHMENTS
from contracts.events.raw import EVENT_NAME_PATTERN
from contracts.purposes.model import (
    ACTIONS,
    ALWAYS_KEPT,
    DEFAULT_KEY,
    ENRICHMENT_FIELDS,
    EVENT_FIELDS,
    EVENT_ID,
    IDENTIFIERS,
    PSEUDONYMISABLE,
    RETENTION_DAYS,
    Action,
    Consent,
    Purpose,
)
from contracts.purposes.truncated_fields import TRUNCATED_BY
from contracts.purposes.yaml_nodes import Node, read_nodes

REFERENCE = Path(__file__).with_name("purposes.yaml")
"""This project's own policy."""
_KEYS = ("name", "about", "topic", "retention_days", "key", "events", "required", "consent", "fields")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOPIC = re.compile(r"clickstream\.enriched\.[a-z0-9_]+\.v[0-9]+")
_EVENT = re.compile(EVENT_NAME_PATTERN)
_DAYS = re.compile(r"[1-9][0-9]{0,3}")
_ORDER = {
    name: number for number, name in enumerate((*EVENT_FIELDS, *(f for each in ENRICHMENTS for f in each.field_names)))
}


def load_purposes(file: Path) -> tuple[Purpose, ...]:
    """All purposes, in the file's order.

    :raises PolicyError: naming the line: unknown key, field, action, event or enrichment, a purpose without a topic,
        two purposes of one name or on one topic, an action that the field does not allow.
    """
    root = read_nodes(file)
    listed = root.members("the policy", known=("purposes",), required=("purposes",))["purposes"].items("purposes")
    if not listed:
        raise root.error("there is no purpose")
    purposes: list[Purpose] = []
    for node in listed:
        purpose = _purpose(node)
        for other in purposes:
            if other.name == purpose.name:
                raise node.error(f"two purposes are named {purpose.name!r}")
            if other.topic == purpose.topic:
                raise node.error(f"purposes {other.name!r} and {purpose.name!r} have one topic, {purpose.topic}")
        purposes.append(purpose)
    return tuple(purposes)


def _purpose(node: Node) -> Purpose:
    parts = node.members("a purpose", known=_KEYS, required=("name",))
    name = _matching(parts["name"], "a purpose's name", _NAME)
    for key in ("topic", "events", "fields"):
        if key not in parts:
            raise node.error(f"purpose {name!r} has no {key}")
    return Purpose(
        name=name,
        topic=_matching(parts["topic"], "a topic", _TOPIC),
        fields=_fields(parts["fields"], name),
        events=_events(parts["events"]),
        required=_required(parts["required"]) if "required" in parts else frozenset(),
        consent=_consent(parts["consent"]) if "consent" in parts else "needed",
        retention_days=_days(parts["retention_days"]) if "retention_days" in parts else RETENTION_DAYS,
        key=_key(parts["key"]) if "key" in parts else DEFAULT_KEY,
        about=parts["about"].text("about") if "about" in parts else "",
    )


def _matching(node: Node, what: str, pattern: re.Pattern[str]) -> str:
    text = node.text(what)
    if not pattern.fullmatch(text):
        raise node.error(f"{what} must look like {pattern.pattern}, not {text!r}")
    return text


def _events(node: Node) -> frozenset[str] | None:
    if not node.is_list():
        if node.text("events") != "all":
            raise node.error("events must be 'all' or a list of names")
        return None
    names = frozenset(_matching(item, "an event's name", _EVENT) for item in node.items("events"))
    if not names:
        raise node.error("events must not be empty")
    return names


def _required(node: Node) -> frozenset[str]:
    found = set()
    for item in node.items("required"):
        name = item.text("an enrichment")
        if name not in ENRICHMENT_NAMES:
            raise item.error(f"unknown enrichment {name!r}; known are {', '.join(ENRICHMENT_NAMES)}")
        found.add(name)
    return frozenset(found)


def _key(node: Node) -> tuple[str, ...]:
    names: list[str] = []
    for item in node.items("key"):
        name = item.text("a field of the key")
        if name not in IDENTIFIERS:
            raise item.error(f"a key is made of {', '.join(IDENTIFIERS)}, not of {name!r}")
        names.append(name)
    if not names:
        raise node.error("key must not be empty")
    return tuple(names)


def _consent(node: Node) -> Consent:
    match node.text("consent"):
        case "needed":
            return "needed"
        case "not_needed":
            return "not_needed"
        case other:
            raise node.error(f"consent must be needed or not_needed, not {other!r}")


def _days(node: Node) -> int:
    text = node.text("retention_days")
    if not _DAYS.fullmatch(text):
        raise node.error(f"retention_days must be a number of days from 1 to 9999, not {text!r}")
    return int(text)


def _fields(node: Node, purpose: str) -> tuple[tuple[str, Action], ...]:
    found: dict[str, Action] = {}
    for key, name, value in node.pairs("fields"):
        if name not in _ORDER:
            raise key.error(f"unknown field {name!r}")
        action = _action(value)
        if name in ALWAYS_KEPT and action != "keep" and (name, action) != (EVENT_ID, "pseudonymise"):
            raise value.error(f"{name} must be kept: consumers and the ledger go by it")
        if action == "truncate" and name not in TRUNCATED_BY:
            raise value.error(f"{name} cannot be truncated; what can: {', '.join(TRUNCATED_BY)}")
        if action == "pseudonymise" and name not in PSEUDONYMISABLE:
            raise value.error(f"{name} cannot be pseudonymised; what can: {', '.join(PSEUDONYMISABLE)}")
        if action == "encrypt" and name in ENRICHMENT_FIELDS:
            raise value.error(f"{name} cannot be encrypted: an enrichment's answer is kept for longer than a key")
        if action != "drop":
            found[name] = action
    for name in ALWAYS_KEPT:
        if name not in found:
            raise node.error(f"purpose {purpose!r} must keep {name}")
    return tuple(sorted(found.items(), key=lambda pair: _ORDER[pair[0]]))


def _action(node: Node) -> Action:
    text = node.text("an action")
    for action in ACTIONS:
        if text == action:
            return action
    raise node.error(f"unknown action {text!r}; known are {', '.join(ACTIONS)}")
