"""Consent: whether the subject of a record has opted out. Pure, and apart from validation.

A valid event's flag and ids are read from its fields. Of any other record whatever can be read of them counts, because
a fault elsewhere in a record is no reason to keep what its subject has refused.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from contracts.raw_event import MAX_BYTES
from contracts.rejected_event import OptOutField, OptOutReason

_FLAG, _USER, _BROWSER = "consent", "user_id", "domain_userid"
_ELSEWHERE = "attributes"
"""What an event is about, not whose it is: a seller's id there is not the subject's."""
_MEMBER = re.compile(
    rb'"(consent|user_id|domain_userid)"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}\]"]+)',
)
_GRANTED = (True, None)


class OptOut(NamedTuple):
    """What says that the subject does not consent, and how."""

    field: OptOutField
    reason: OptOutReason


REFUSED = OptOut("context.consent", "refused")
USER_OPTED_OUT = OptOut("actor.user_id", "opted_out")
BROWSER_OPTED_OUT = OptOut("actor.domain_userid", "opted_out")


def opt_out(
    consent: bool | None, user_id: str | None, domain_userid: str | None, subjects: Collection[str]
) -> OptOut | None:
    """The opt-out of a valid event's subject, None with consent; an absent flag is no refusal.

    :param subjects: accounts and browsers in the opt-out store.
    """
    if consent is False:
        return REFUSED
    if subjects:
        if user_id in subjects:
            return USER_OPTED_OUT
        if domain_userid in subjects:
            return BROWSER_OPTED_OUT
    return None


def readable_opt_out(raw: bytes, subjects: Collection[str]) -> OptOut | None:
    """The opt-out that can be read in a record that is no valid event.

    A flag that is neither true nor null is a refusal: a producer that writes "no" or 0 means no. Never raises.
    """
    found: OptOut | None = None
    for name, value in _members(raw):
        if name == _FLAG:
            if value not in _GRANTED:
                return REFUSED
        elif found is None and isinstance(value, str) and value in subjects:
            found = USER_OPTED_OUT if name == _USER else BROWSER_OPTED_OUT
    return found


def _members(raw: bytes) -> Iterator[tuple[str, object]]:
    """Flag and ids, at whatever level they stand."""
    if len(raw) <= MAX_BYTES:
        try:
            return _walked(msgspec.json.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    return _scanned(raw)


def _walked(record: object) -> Iterator[tuple[str, object]]:
    rest = [record]
    while rest:
        part = rest.pop()
        if isinstance(part, list):
            rest += part
        elif isinstance(part, str):
            if '"' in part:  # JSON within JSON: an event, or a part of one, that was encoded twice
                yield from _scanned(part.encode("utf-8", "replace"))
        elif isinstance(part, dict):
            for name, value in part.items():
                if name in (_FLAG, _USER, _BROWSER):
                    yield name, value
                elif name != _ELSEWHERE:
                    rest.append(value)


def _scanned(raw: bytes) -> Iterator[tuple[str, object]]:
    """What looks like a member, in bytes that are no JSON, or too many: truncated, in another encoding."""
    text = raw.replace(b"\0", b"")  # in UTF-16 every other byte of a name is zero
    for found in _MEMBER.finditer(text):
        is_cut = found.end() == len(text) and any(word.startswith(found[2]) for word in (b"true", b"null"))
        if not is_cut:
            yield found[1].decode(), _literal(found[2])


def _literal(text: bytes) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text.strip(b'"').decode(errors="replace")
