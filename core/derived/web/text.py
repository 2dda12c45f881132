"""Texts from outside: percent-decoding, and replacing what JSON cannot hold."""

import re
from urllib.parse import unquote_plus

_AMPERSANDS_REST = re.compile(r"\s*(?:amp;\s*)*", re.IGNORECASE)


def well_formed(text: str) -> str:
    """The text with question marks for lone surrogates, which UTF-8 cannot encode."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def decoded(value: str) -> str | None:
    """A query's name or value, percent-decoded and trimmed; None where it is blank. Wrong UTF-8 becomes U+FFFD."""
    if "%" in value or "+" in value:
        value = unquote_plus(value)
    return value.strip() or None


def decoded_name(name: str) -> str:
    """A parameter's name, percent-decoded and trimmed, without the ``amp;`` that an ampersand in HTML left there."""
    if "%" in name or "+" in name:
        name = unquote_plus(name)
        name = name[_AMPERSANDS_REST.match(name).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    return name.strip()
