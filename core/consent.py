"""Consent: whether the subject of a record has opted out. Pure, and independent of validation.

Flag and ids of a valid event are read from its fields. In any other record whatever can be read of them counts: a fault
elsewhere in the record is no reason to keep data whose subject has refused. Attributes do not count: they describe what
the event is about, and a seller's id there is not the subject's.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from contracts.events.raw import MAX_BYTES
from contracts.events.rejected import OptOutField, OptOutReason

_FLAG, _USER, _BROWSER = "consent", "user_id", "domain_userid"
_NAMES = (_FLAG, _USER, _BROWSER)
_ELSEWHERE = "attributes"
_MOST_LEVELS = 4
"""How deep JSON texts inside JSON texts are read."""
_MEMBER = re.compile(
    rb"(?<![A-Za-z0-9_])(consent|user_id|domain_userid)(?![A-Za-z0-9_])[\\\"']{0,9}\s*:\s*"
    rb"(\"(?:[^\"\\]|\\.){0,800}\"|(\\*[\"']).{0,800}?\3|[^\s,}\]\"'\\]{1,800})",
    re.DOTALL,
)
_ESCAPED_LETTER = re.compile(rb"\\+u00([4-7][0-9a-fA-F])")


class OptOut(NamedTuple):
    """The field by which the subject does not consent, and how."""

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
    """The opt-out that can be read in a record that is not a valid event.

    A flag that is neither true nor null is a refusal: a producer that writes "no" or 0 means no. No input makes it
    raise.
    """
    found: OptOut | None = None
    for name, value in _members(raw):
        if name == _FLAG:
            if not _is_granted(value):
                return REFUSED
        elif found is None and any(text in subjects for text in _spellings(value)):
            found = USER_OPTED_OUT if name == _USER else BROWSER_OPTED_OUT
    return found


def _is_granted(value: object) -> bool:
    """By the same rule as the repair of a flag: also in quotes."""
    return value is True or value is None or value in ("true", "null")


def _spellings(value: object) -> Iterator[str]:
    """The forms in which the opt-out store may have an id; it may have been sent as a number, or in a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and not isinstance(value, _Object):
        for each in value:
            yield from _spellings(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
        if isinstance(value, float) and value.is_integer():
            yield str(int(value))


class _Object(list[tuple[str, object]]):
    """A JSON object with all of its members: two with the same name both count."""


def _members(record: bytes | str, level: int = 0) -> Iterator[tuple[str, object]]:
    """Flag and ids, at every depth."""
    if len(record) <= MAX_BYTES:
        try:
            whole = json.loads(record, object_pairs_hook=_Object)  # reads UTF-16 and lone surrogates as well
        except (ValueError, RecursionError):
            pass
        else:
            yield from _walked(whole, level)
            return
    yield from _scanned(record if isinstance(record, bytes) else record.encode("utf-8", "replace"))


def _walked(record: object, level: int) -> Iterator[tuple[str, object]]:
    rest = [record]
    while rest:
        part = rest.pop()
        if isinstance(part, _Object):
            for name, value in part:
                if name in _NAMES:
                    yield name, value
                elif name != _ELSEWHERE:
                    rest.append(value)
        elif isinstance(part, list):
            rest += part
        elif isinstance(part, str) and level < _MOST_LEVELS and any(name in part for name in _NAMES):
            # JSON within JSON: an event, or a part of one, that was encoded twice.
            yield from _members(part, level + 1)


def _scanned(raw: bytes) -> Iterator[tuple[str, object]]:
    """What looks like a member, in bytes that are no JSON or too many: a record that is truncated, or in another
    encoding or notation.
    """
    for text in _readings(raw):
        for found in _MEMBER.finditer(text):
            is_cut = found.end() == len(text) and any(word.startswith(found[2]) for word in (b"true", b"null"))
            if not is_cut:
                yield found[1].decode(), _literal(found[2])


def _readings(raw: bytes) -> Iterator[bytes]:
    if b"\\u00" in raw:  # the letters of a name may be escaped
        raw = _ESCAPED_LETTER.sub(lambda found: bytes.fromhex(found[1].decode()), raw)
    yield raw.replace(b"\0", b"")  # in UTF-16 every second byte of a name is zero
    if b"\0" in raw:
        for encoding in ("utf-16-le", "utf-16-be"):
            yield raw.decode(encoding, "replace").encode("utf-8", "replace")


def _literal(text: bytes) -> object:
    """The value; for a text that is not JSON, a list of all that it may mean."""
    bare = text.strip(b"\\\"'")
    if bare.lower() in (b"true", b"none", b"null"):
        return True
    found: list[object] = [bare.decode(errors="replace"), bare.decode("latin-1")]
    for _ in range(_MOST_LEVELS):
        try:
            value = json.loads(b'"' + bare + b'"')
        except ValueError:
            break
        found.append(value)
        if value.encode("utf-8", "replace") == bare:
            break
        bare = value.encode("utf-8", "replace")
    return found
