"""Which browsers belong to an account, as far as its state remembers: three days, and twenty browsers at most.

The record is absolute: the newest one of an account is all that is known then.
"""

from typing import Literal

import msgspec

SCHEMA: Literal["clickstream.identity/1"] = "clickstream.identity/1"


class LinkedBrowser(msgspec.Struct, frozen=True, kw_only=True):
    domain_userid: str
    since_tstamp: int
    """Of the browser's first event that its state knows."""
    linked_tstamp: int
    """Of the first event with both."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A merge. It is keyed by the account; a record without a value erases it."""

    schema: Literal["clickstream.identity/1"]
    user_id: str
    version: int
    """Higher with each record of the account. The newest record is the one with the highest."""
    canonical_id: str
    """The older one wins: the account, or the browser of it that was seen first."""
    canonical_kind: Literal["browser", "account"]
    browsers: list[LinkedBrowser]
