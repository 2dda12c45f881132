"""Enrich: a prepared event and its answers to the enriched event. Pure; the one rule of hot and cold path."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from contracts.lookup import VALUE_TYPES, Kind, LookupResult, Status
from enrichment_job.outcome import Answer, Answers, Prepared, Rejected
from enrichment_job.purposes import Purpose

ENRICHMENT_OF: Mapping[Kind, str] = MappingProxyType({"ip": "geo", "user": "user", "listing": "listing"})
"""Name of the enrichment that each kind of lookup gives; its status field is ``<name>_status``."""

_DECODERS = {kind: msgspec.json.Decoder(value) for kind, value in VALUE_TYPES.items()}


def answer(kind: Kind, status: Status, fields: bytes = b"") -> Answer:
    """An answer from already encoded members (``,"geo_country":"DE"``) or none."""
    return Answer(status, fields, b'%b,"%b_status":"%b"' % (fields, ENRICHMENT_OF[kind].encode(), status.encode()))


def answer_from(kind: Kind, result: LookupResult) -> Answer:
    """The service's result for one key, checked against the contract; what breaks it is an error answer."""
    if result.status not in ("ok", "stale"):
        return answer(kind, result.status)
    if isinstance(result.value, msgspec.UnsetType):
        return answer(kind, "error")
    try:
        value = _DECODERS[kind].decode(result.value)
    except msgspec.DecodeError:
        return answer(kind, "error")
    members = msgspec.json.encode(value)[1:-1]
    return answer(kind, result.status, b"," + members if members else b"")


NO_GEO = answer("ip", "missing")
NO_USER = answer("user", "missing")
NO_LISTING = answer("listing", "missing")


def enrich(event: Prepared, answers: Answers) -> bytes:
    """The enriched event's JSON. An answer for a key that the event lacks is one of the ``NO_`` constants."""
    geo, user, listing = answers
    return event.fields + geo.fragment + user.fragment + listing.fragment + b"}"


def lacking(purpose: Purpose, answers: Answers) -> Rejected | None:
    """The first enrichment that the purpose requires and that could not be had, as a rejection."""
    if not purpose.required:
        return None
    for name, got in zip(answers._fields, answers, strict=True):
        if name in purpose.required and got.status in ("timeout", "error"):
            return Rejected("enrichment", "enrich", f"required enrichment is {got.status}", f"{name}_status")
    return None
