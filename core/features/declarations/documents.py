"""Reads the parts of a file of features: an entity, a feature. Each raises NodeError, with the line."""

import re
from collections.abc import Mapping
from typing import Final, cast, get_args

from contracts.purposes.yaml_nodes import Node
from core.cel.compiled import compile_condition
from core.cel.durations import duration_ms
from core.cel.environment import Type
from core.cel.errors import CelError
from core.cel.event_names import event_names
from core.cel.parser import parse
from core.features.declarations.fields import NOT_KEPT, VALUE_TYPES, environment, field_names, field_type, served_type
from core.features.model import (
    DAY_MS,
    LIFETIME,
    MINUTE_MS,
    SESSION,
    SESSION_HOP_MS,
    Entity,
    EntityName,
    Feature,
    Kind,
    Ratio,
    Window,
    hop_of,
)
from core.features.source_events import Source
from core.node_values import NUMBER, filled, matching, number, one_of, sentence, texts

NAME: Final = re.compile(r"[a-z](?:_?[a-z0-9]){0,39}", re.ASCII)
MOST_N: Final = 100
LONGEST_TTL_MS: Final = 400 * DAY_MS
_OF_VISITORS: Final = frozenset({"browser", "session"})
_ENTITY_KEYS: Final = ("name", "source", "key", "ttl", "about")
_FEATURE_KEYS: Final = (
    *("name", "entity", "version", "description", "filter", "aggregation", "windows", "key", "value", "bands"),
    *("n", "distinct", "of", "to"),
)
_ONLY_OF: Final[Mapping[str, frozenset[str]]] = {
    "n": frozenset({"last_n"}),
    "distinct": frozenset({"last_n"}),
    "of": frozenset({"ratio"}),
    "to": frozenset({"ratio"}),
}


def entity(node: Node) -> Entity:
    parts = node.members("an entity", known=_ENTITY_KEYS, required=("name", "source", "key", "ttl"))
    name = cast(EntityName, one_of(parts["name"], "an entity's name", get_args(EntityName)))
    source = cast(Source, one_of(parts["source"], "source", get_args(Source)))
    key = _field(parts["key"], "key", source)
    if name in _OF_VISITORS and (source, key) != ("behaviour", "domain_userid"):
        raise node.error(f"{name} is kept by visitor: its source is behaviour and its key domain_userid")
    ttl_ms = duration(parts["ttl"], "ttl", MINUTE_MS, LONGEST_TTL_MS)
    return Entity(name, source, key, ttl_ms, sentence(parts["about"], "about") if "about" in parts else "")


def feature(node: Node, entities: Mapping[EntityName, Entity]) -> Feature:
    required = ("name", "entity", "version", "description", "aggregation", "windows")
    parts = node.members("a feature", known=_FEATURE_KEYS, required=required)
    name = matching(parts["name"], "a feature's name", NAME)
    of_name = cast(EntityName, one_of(parts["entity"], "entity", entities))
    of = entities[of_name]
    kind = cast(Kind, one_of(parts["aggregation"], "aggregation", get_args(Kind)))
    for key, kinds in _ONLY_OF.items():
        if key in parts and kind not in kinds:
            raise parts[key].error(f"only {', '.join(sorted(kinds))} has {key}")
        if kind in kinds and key not in parts and key != "distinct":
            raise node.error(f"{kind} needs {key}")
    if kind == "ratio" and (extra := {"filter", "value", "bands", "key"} & parts.keys()):
        raise node.error(f"a ratio has no {', '.join(sorted(extra))}: they are those of its parts")
    bands = _bands(parts["bands"]) if "bands" in parts else ()
    value, value_type = _value(node, parts, kind, of.source)
    condition = parts.get("filter")
    try:
        tree = None if condition is None else parse(condition.text("filter"))
        holds = None if tree is None else compile_condition(tree, environment(of.source))
    except CelError as error:
        raise (condition or node).error(f"filter: column {error.at.column}: {error.reason}") from error
    return Feature(
        name=name,
        entity=of_name,
        kind=kind,
        windows=_windows(parts["windows"], of),
        version=int(number(parts["version"], "version", 1, 1_000_000, whole=True)),
        description=sentence(parts["description"], "description"),
        filter_text="" if condition is None else condition.text("filter"),
        filter=holds,
        event_names=None if tree is None else event_names(tree, {}),
        key=_key(parts["key"], of) if "key" in parts else "",
        value=value,
        bands=bands,
        n=int(number(parts["n"], "n", 1, MOST_N, whole=True)) if "n" in parts else 0,
        distinct="distinct" in parts and flag(parts["distinct"], "distinct"),
        ratio=Ratio(parts["of"].text("of"), parts["to"].text("to")) if kind == "ratio" else None,
        value_type=served_type(kind, value_type),
        line=node.line,
    )


def duration(node: Node, what: str, least: int, most: int) -> int:
    """In ms."""
    found = duration_ms(node.text(what))
    if found is None or not least <= found <= most:
        raise node.error(f"{what} must be a duration such as 1m, 24h or 30d, from {least} to {most} ms")
    return found


def flag(node: Node, what: str) -> bool:
    return one_of(node, what, ("true", "false")) == "true"


def _field(node: Node, what: str, source: Source) -> str:
    name = node.text(what)
    if field_type(source, name) is None:
        raise node.error(f"{what}: events of {source} have no {name!r}; they have {', '.join(field_names(source))}")
    return name


def _key(node: Node, of: Entity) -> str:
    if of.name in _OF_VISITORS:
        raise node.error(f"{of.name} is kept by visitor: its features have no other key")
    return _field(node, "key", of.source)


def _value(node: Node, parts: Mapping[str, Node], kind: Kind, source: Source) -> tuple[str, Type | None]:
    """The field's name, and its type as the kind gets it. Both are empty for a kind that takes no value."""
    allowed = VALUE_TYPES[kind]
    if not allowed:
        for key in ("value", "bands"):
            if key in parts:
                raise parts[key].error(f"{kind} has no {key}")
        return "", None
    if "value" not in parts:
        raise node.error(f"{kind} needs a value: the event's field")
    name = _field(parts["value"], "value", source)
    found = field_type(source, name)
    if "bands" in parts:
        if found not in {"int", "double"}:
            raise parts["bands"].error(f"{name} is no number, so that it has no bands")
        found = "string"
    if found not in allowed:
        raise parts["value"].error(f"{kind} cannot take {name}, which is of type {found}")
    if name in NOT_KEPT and kind != "approx_distinct":
        raise parts["value"].error(f"{name} is never kept; only approx_distinct can count it")
    return name, found


def _bands(node: Node) -> tuple[float, ...]:
    found = []
    for item in filled(node, "bands"):
        text = item.text("a band's limit")
        if not NUMBER.fullmatch(text):
            raise item.error("a band's limit must be a number")
        found.append(float(text))
    if found != sorted(set(found)):
        raise node.error("the limits of bands must rise")
    return tuple(found)


def _windows(node: Node, of: Entity) -> tuple[Window, ...]:
    found: list[Window] = []
    for name in texts(node, "windows"):
        if name == SESSION:
            if of.name not in _OF_VISITORS:
                raise node.error(f"{of.name} has no session")
            found.append(Window(SESSION, 0, SESSION_HOP_MS))
        elif of.name == "session":
            raise node.error("a session's features have the window session and no other")
        elif name == LIFETIME:
            found.append(Window(LIFETIME, 0, 0))
        else:
            length = duration_ms(name)
            if length is None or not 10_000 <= length <= of.ttl_ms:
                raise node.error(f"window {name!r}: session, lifetime, or a duration from 10s to the entity's ttl")
            found.append(Window(name, length, hop_of(length)))
    return tuple(found)
