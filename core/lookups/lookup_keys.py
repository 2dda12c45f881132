"""From a text of an event to the key that is looked up, or to the status that says why there is no key.

The job and the lookup service use the same functions, so that both have the same status for the same text: a text that
is absent is ``missing``, one that cannot be used is ``invalid``.
"""

import re
from typing import Literal, NamedTuple

from common.addresses import read_address
from contracts.lookup_api.lookups import Kind

_NO_ID = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Characters that no store takes in an id: PostgreSQL refuses NUL, and UTF-8 has no surrogates."""


class NoKey(NamedTuple):
    status: Literal["missing", "invalid"]


ABSENT = NoKey("missing")
UNUSABLE = NoKey("invalid")


def no_key(text: str) -> NoKey:
    """Why a text is not a key: it is absent (blank, or ``-`` as access logs write it), or it cannot be used."""
    return ABSENT if text.strip() in ("", "-") else UNUSABLE


def lookup_key(kind: Kind, text: str) -> str | NoKey:
    """The key in the form in which it is sent: addresses as canonical text, everything else unchanged.

    A user agent or a page's address is not checked here: the rules that parse it do that.
    """
    if kind in ("ip", "network"):
        return read_address(text) or no_key(text)
    if kind in ("user", "listing") and (not text.strip() or _NO_ID.search(text)):
        return no_key(text)
    return text
