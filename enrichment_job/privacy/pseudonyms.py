"""Pseudonyms: HMAC-SHA-256 under the epoch's key, ``<epoch>.<22 characters>``.

Within an epoch the same text in the same field has the same pseudonym, so that a user's events can be joined; between
epochs, and between fields, they cannot. With keys per subject, an account's pseudonyms are made under its own key as
well: without that key nobody can tell whose they were.
"""

import hmac
from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from enrichment_job.privacy.key_ring import EpochKey

DIGEST_BYTES = 16
_REMEMBERED = 65_536
"""Pseudonyms kept per epoch: a visit's events repeat theirs."""

Pseudonymise = Callable[[str, str], str | None]
"""(field, value) → pseudonym; None where there may be none."""


def pseudonym(epoch: EpochKey, field: str, value: str, subject_key: bytes = b"") -> str:
    """Pure. ``surrogatepass`` is not needed: texts come from UTF-8."""
    key = epoch.key if not subject_key else hmac.digest(epoch.key, subject_key, "sha256")
    digest = hmac.digest(key, f"{field}\0{value}".encode(), "sha256")
    return f"{epoch.id}.{urlsafe_b64encode(digest[:DIGEST_BYTES])[:-2].decode()}"


def no_pseudonym(_field: str, _value: str) -> str | None:
    """For a subject whose key is destroyed, or cannot be had."""
    return None


class Pseudonyms:
    """All epochs; the function of an epoch remembers what it made."""

    def __init__(self, epochs: Sequence[EpochKey]) -> None:
        self._epochs = tuple(epochs)
        self._starts = [epoch.from_tstamp for epoch in epochs]
        self._functions: list[Pseudonymise] = [_remembering(epoch) for epoch in epochs]

    def at(self, event_tstamp: int, subject_key: bytes = b"") -> Pseudonymise:
        """The function for an event of that time (ms since 1970), made by a subject with that key, if any."""
        number = 0 if len(self._starts) == 1 else max(0, bisect_right(self._starts, event_tstamp) - 1)
        if not subject_key:
            return self._functions[number]
        epoch = self._epochs[number]
        return lambda field, value: pseudonym(epoch, field, value, subject_key)


def _remembering(epoch: EpochKey) -> Pseudonymise:
    @lru_cache(_REMEMBERED)
    def remembered(field: str, value: str) -> str:
        return pseudonym(epoch, field, value)

    return remembered
