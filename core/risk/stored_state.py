"""What the job account_security writes to Redis for ``POST /v1/risk``: keys and bytes. Pure.

Every value is absolute: the state of a key as it is now, or all rules in effect. So a job that runs again from its
checkpoint writes the same values again, and a value that was lost comes back with the next event of its key.

A state of a facet or a subject is stored as :mod:`core.stored_value` says.
"""

import msgspec

from core.risk.facets.limits import FacetLimits
from core.risk.subject.limits import Limits

FACET_PREFIX = "risk:f:"
SUBJECT_PREFIX = "risk:s:"
RULES_KEY = "risk:rules"


def facet_key(facet: str) -> str:
    """``risk:f:address:1f…`` of the facet ``address:1f…``."""
    return FACET_PREFIX + facet


def subject_key(subject: str) -> str:
    """``risk:s:1f…`` of :func:`core.risk.observation.subject_key_of` the subject."""
    return SUBJECT_PREFIX + subject


class LogLimits(msgspec.Struct, frozen=True):
    """How much the job keeps, by its settings: what a late event still counts with."""

    facets: FacetLimits = FacetLimits()
    subjects: Limits = Limits()


class StoredRules(msgspec.Struct, frozen=True, array_like=True):
    """The rules in effect, at :data:`RULES_KEY` in MessagePack: what ``load_rules`` is given, so that a reader compiles
    the same rule set. New fields come last and have defaults: reader and writer may be of different versions.
    """

    version: str
    """Of the compiled rule set; a reader compiles again only where it differs."""
    written_ms: int
    files: dict[str, str]
    """File name → YAML text, as the job was started with."""
    changes: dict[str, bytes] = {}
    """Rule's name → newest value of the control topic, where it can be read. Removed changes are not here."""
    limits: LogLimits = LogLimits()


encode_rules = msgspec.msgpack.Encoder().encode
_decode_rules = msgspec.msgpack.Decoder(StoredRules).decode


def decode_rules(value: bytes) -> StoredRules | None:
    """None for what is no rule set."""
    try:
        return _decode_rules(value)
    except msgspec.MsgspecError:
        return None
