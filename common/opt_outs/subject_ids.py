"""What can be a subject: an id as events carry it, compared exactly."""

import unicodedata

LONGEST = 128
"""Of an event's user and browser ids (``contracts.events.raw``)."""
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
"""Control and format characters, lone surrogates, separators of lines: no collector's id has them."""


def fault(subject: str) -> str | None:
    """Why it cannot be an id; the answer never holds the id."""
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
    """A member of the store as events spell it; None where no event can."""
    try:
        subject = member.decode()
    except UnicodeDecodeError:
        return None
    return subject if 0 < len(subject) <= LONGEST else None
