"""Text as it comes from the outside, made fit for JSON."""

from urllib.parse import unquote_plus


def well_formed(text: str) -> str:
    """The text with lone surrogates, which UTF-8 has no form for, as question marks."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def decoded(value: str) -> str | None:
    """A query's name or value, percent-decoded and trimmed, None where nothing is left; wrong UTF-8 becomes U+FFFD."""
    if "%" in value or "+" in value:
        value = unquote_plus(value)
    return value.strip() or None
