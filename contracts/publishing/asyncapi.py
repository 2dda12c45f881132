"""The AsyncAPI document of all topics, from the table of topics and the schemas.

``python -m contracts.publishing.asyncapi [--check]`` writes or compares ``docs/reference/asyncapi.json``.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from contracts import VERSION
from contracts.fixed_topics import INPUTS
from contracts.publishing.json_schemas import SUFFIX, schemas
from contracts.topics import ALL, Topic

FILE = Path(__file__).parents[2] / "docs" / "reference" / "asyncapi.json"
_CONTENT_TYPE = "application/json"
_PUBLISHED = tuple(topic for topic in ALL if topic.schema)
"""All but those that are internal to a job."""


def document() -> dict[str, Any]:
    """AsyncAPI 3.0: one channel and one message per topic; each schema with its definitions inside."""
    found = schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Clickstream enrichment",
            "version": VERSION,
            "description": "Topics of the enrichment layer, seen from its jobs: they receive raw events, labels and "
            "changes of rules from others, and send the rest. Times are milliseconds since 1970 UTC.",
        },
        "defaultContentType": _CONTENT_TYPE,
        "channels": {_id(topic): _channel(topic) for topic in _PUBLISHED},
        "operations": {
            f"{action}_{_id(topic)}": {"action": action, "channel": {"$ref": f"#/channels/{_id(topic)}"}}
            for topic in _PUBLISHED
            for action in ("receive" if topic in INPUTS else "send",)
        },
        "components": {
            "messages": {_id(topic): _message(topic) for topic in _PUBLISHED},
            "schemas": {topic.schema: _inlined(found[f"{topic.schema}{SUFFIX}"], topic.schema) for topic in _PUBLISHED},
        },
    }


def _id(topic: Topic) -> str:
    return topic.name.removeprefix("clickstream.").replace(".", "_")


def _channel(topic: Topic) -> dict[str, Any]:
    config = {"retention.ms": topic.retention_ms, "max.message.bytes": topic.max_message_bytes}
    return {
        "address": topic.name,
        "description": f"{topic.about} Guarantee: {topic.guarantee}.",
        "messages": {_id(topic): {"$ref": f"#/components/messages/{_id(topic)}"}},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": config, "bindingVersion": "0.5.0"}},
    }


def _message(topic: Topic) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": topic.schema,
        "contentType": _CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{topic.schema}"},
    }
    if topic.keyed_by is not None:
        key = {"type": "string", "description": _key_meaning(topic)}
        message["bindings"] = {"kafka": {"key": key, "bindingVersion": "0.5.0"}}
    return message


def _key_meaning(topic: Topic) -> str:
    if topic.purpose is None:
        return f"{topic.keyed_by} as in the record"
    other = "user_id" if topic.keyed_by == "domain_userid" else "domain_userid"
    return f"{topic.keyed_by} as in the event, else {other}, else none"


def _inlined(content: bytes, name: str) -> dict[str, Any]:
    """The schema as a component: its references lead to the component's own definitions."""
    moved = content.replace(b'"#/$defs/', f'"#/components/schemas/{name}/$defs/'.encode())
    schema: dict[str, Any] = msgspec.json.decode(moved)
    schema.pop("$schema")
    return schema


def render() -> bytes:
    return msgspec.json.format(msgspec.json.encode(document())) + b"\n"


def main() -> int:
    content = render()
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_bytes() != content:
            print(f"{FILE} is out of date: run make schemas", file=sys.stderr)
            return 1
        return 0
    FILE.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
