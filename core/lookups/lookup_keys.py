"""What of a text can be looked up: a key, or the status that says why there is none.

The job and the lookup service ask here, so that both say the same of the same text: absent is not unusable.
"""

import re
from typing import Literal, NamedTuple

from common.addresses import read_address
from contracts.lookup_api.lookups import Kind

_NO_ID = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""What no store keeps in an id: PostgreSQL refuses a NUL, UTF-8 has no surrogates."""


class NoKey(NamedTuple):
    status: Literal["missing", "invalid"]


ABSENT = NoKey("missing")
UNUSABLE = NoKey("invalid")


def no_key(text: str) -> NoKey:
    """Why a text that cannot be used is none: nothing is there (blank, or the mark of access logs), or it is wrong."""
    return ABSENT if text.strip() in ("", "-") else UNUSABLE


def lookup_key(kind: Kind, text: str) -> str | NoKey:
    """The key in the form in which it is asked for: addresses in canonical text, all else as it is.

    A user agent or a page's address is judged by the rules that read it, not here.
    """
    if kind in ("ip", "network"):
        return read_address(text) or no_key(text)
    if kind in ("user", "listing") and (not text.strip() or _NO_ID.search(text)):
        return no_key(text)
    return text
