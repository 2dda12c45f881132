"""A purpose's event as a type, made from the policy. The schema of its topic is made from it, and tests check the job's
output against it.
"""

from typing import Annotated, Any

import msgspec

from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Status
from contracts.purposes.model import EVENT_ID, Action, Purpose, original_types
from contracts.purposes.truncated_fields import truncated_type
from contracts.value_types import whole_text

_PATTERNS = {
    "pseudonymise": r"[A-Za-z0-9]{1,16}\.[A-Za-z0-9_-]{22}",
    "encrypt": r"[A-Za-z0-9]{1,16}\.[A-Za-z0-9_=-]+",
}
_REQUIRED = frozenset(field.name for field in msgspec.structs.fields(EventFields) if field.required)


def purpose_type(purpose: Purpose) -> type[msgspec.Struct]:
    """Flat; a kept field that every event has is required, and so is every status. ``x-action`` is the policy's."""
    originals = original_types()
    fields: list[Any] = []
    for name, action in purpose.fields:
        kind = _type(name, action, originals[name])
        is_required = name in _REQUIRED if action == "keep" else name == EVENT_ID
        fields.append((name, kind) if is_required else (name, kind | None, None))
    for each in ENRICHMENTS:
        if purpose.has_enrichment(each):
            fields.append((each.status_field, Status))
    name = f"Enriched{purpose.name.title().replace('_', '')}Event"
    return msgspec.defstruct(name, fields, frozen=True, kw_only=True, omit_defaults=True)


def _type(name: str, action: Action, original: Any) -> Any:  # noqa: ANN401 - types as values
    if action == "keep":
        return original
    note = {"x-action": action}
    if action == "truncate":
        return Annotated[truncated_type(name), msgspec.Meta(extra_json_schema=note)]
    return Annotated[str, whole_text(_PATTERNS[action]), msgspec.Meta(extra_json_schema=note)]
