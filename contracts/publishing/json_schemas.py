"""The published JSON Schemas, generated from the types and the policy.

``python -m contracts.publishing.json_schemas [--check]`` writes or compares them.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from contracts.events.enriched import EnrichedEvent
from contracts.events.raw import SENT_EVENT, TRACEPARENT, TRACEPARENT_MEANING
from contracts.events.rejected import FailedEvent, LateEvent, SuppressedEvent
from contracts.features.records import FeatureState
from contracts.lookup_api.enrich import EnrichResponse
from contracts.lookup_api.feast import OnlineFeaturesRequest, OnlineFeaturesResponse
from contracts.lookup_api.features import FeatureRequest, FeatureResponse
from contracts.lookup_api.lookups import LookupRequest, LookupResponse
from contracts.lookup_api.recent import RecentResult
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.typed_views import purpose_type
from contracts.security.labels import Label
from contracts.security.risk import RiskAnswer, RiskRequest
from contracts.security.rule_changes import RuleChange
from contracts.security.verdicts import Verdict
from contracts.sessions.identities import Identity
from contracts.sessions.records import SessionRecord
from contracts.sessions.sessionized import Stamp, TooLate, with_fields
from contracts.topics import of_purpose

SUFFIX = ".schema.json"
FOLDER = Path(__file__).parent / "schemas"
_PYTHON_END = r"\Z"
NO_LINE_FEED: Mapping[str, Any] = MappingProxyType({"not": {"pattern": "\\n"}})
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def types() -> dict[str, type[msgspec.Struct]]:
    """Schema's name → the type that it is made from."""
    found: dict[str, type[msgspec.Struct]] = {
        "raw_event.v1": SENT_EVENT,
        "enriched_event.v1": EnrichedEvent,
        "failed_event.v1": FailedEvent,
        "late_event.v1": LateEvent,
        "suppressed_event.v1": SuppressedEvent,
        "lookup_request.v1": LookupRequest,
        "lookup_response.v1": LookupResponse,
        "recent_result.v1": RecentResult,
        "feature_request.v1": FeatureRequest,
        "feature_response.v1": FeatureResponse,
        "online_features_request.v1": OnlineFeaturesRequest,
        "online_features_response.v1": OnlineFeaturesResponse,
        "enrich_response.v1": EnrichResponse,
        "session.v1": SessionRecord,
        "identity.v1": Identity,
        "verdict.v1": Verdict,
        "label.v1": Label,
        "rule_change.v1": RuleChange,
        "feature_state.v1": FeatureState,
        "risk_request.v1": RiskRequest,
        "risk_answer.v1": RiskAnswer,
    }
    for purpose in load_purposes(REFERENCE):
        found[of_purpose(purpose).schema] = purpose_type(purpose)
        if purpose.name == "behaviour":
            found["sessionized_event.v1"] = with_fields(purpose, Stamp, "SessionizedEvent")
            found["session_late_event.v1"] = with_fields(purpose, TooLate, "SessionLateEvent")
    return found


def schemas() -> dict[str, bytes]:
    """File name → content."""
    return {f"{name}{SUFFIX}": _render(name, kind) for name, kind in types().items()}


def _render(name: str, kind: type[msgspec.Struct]) -> bytes:
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    if kind is SENT_EVENT:
        # Without a constraint: it is read by a decoder of its own, and one that cannot be read is no fault of an event.
        components["RawEvent"]["properties"][TRACEPARENT] = {"description": TRACEPARENT_MEANING}
    schema = {"$schema": _DIALECT, "title": name, **reference, "$defs": _portable(components)}
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted")) + b"\n"


def _portable(schema: Any) -> Any:  # noqa: ANN401 - JSON
    r"""Patterns that every validator understands, and the bounds that decoders have by themselves.

    The end of a text is ``$`` in JSON Schema and ``\Z`` in Python. Validators that follow Python's rules accept a line
    feed before ``$``, hence the second condition. A number is a double, so that 1e400 is out of its bounds.
    """
    if isinstance(schema, list):
        return [_portable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    done = {name: _portable(value) for name, value in schema.items()}
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern.endswith(_PYTHON_END):
        done |= {"pattern": pattern.removesuffix(_PYTHON_END) + "$", **NO_LINE_FEED}
    if schema.get("type") == "number":
        done = {"minimum": -sys.float_info.max, "maximum": sys.float_info.max, **done}
    return done


def main() -> int:
    """Write the files; with ``--check`` only compare, and say which is out of date."""
    stale = [name for name, content in schemas().items() if _read(FOLDER / name) != content]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{FOLDER / name} is out of date: run make schemas", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in stale:
        (FOLDER / name).write_bytes(schemas()[name])
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
