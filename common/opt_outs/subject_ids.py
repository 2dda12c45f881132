"""Which texts can be a subject's id. Ids are compared exactly as events carry them."""

import unicodedata

LONGEST = 128
"""The limit of an event's user and browser ids in ``contracts.events.raw``, in characters."""
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
"""Control and format characters, lone surrogates, line separators: no collector's id contains them."""


def invalid_reason(subject: str) -> str | None:
    """Why the text cannot be an id; None if it can. The reason never contains the id."""
    if not subject:
        return "empty"
    if len(subject) > LONGEST:
        return f"longer than {LONGEST} characters"
    if subject.isascii():
        return None if subject.isprintable() else "a control character"
    if any(unicodedata.category(character) in _NO_TEXT for character in subject):
        return "a control or invisible character"
    return None


def subject_of(member: bytes) -> str | None:
    """A member of the store as text; None if no event can carry such an id."""
    try:
        subject = member.decode()
    except UnicodeDecodeError:
        return None
    return subject if 0 < len(subject) <= LONGEST else None
