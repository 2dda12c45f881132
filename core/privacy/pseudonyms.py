"""Pseudonyms: HMAC-SHA-256 under the epoch's key, ``<epoch>.<22 characters>``.

Within an epoch the same text in the same field has the same pseudonym, so that a user's events can be joined. Between
epochs, and between fields, they cannot be joined. With keys of subjects, an account's pseudonyms are also made with its
own key: once that key is destroyed, they cannot be traced to the account. The id of an event is made under the epoch's
key alone, because every event must have it, whether or not the account's key still exists.
"""

import hmac
from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from contracts.purposes.model import EVENT_ID
from core.privacy.key_ring import EpochKey

DIGEST_BYTES = 16
_REMEMBERED = 65_536
"""Pseudonyms that are kept for each epoch: the events of a visit have the same ones."""

Pseudonymise = Callable[[str, str], str | None]
"""(field, value) → pseudonym; None where the value must have none."""


def pseudonym(epoch: EpochKey, field: str, value: str, subject_key: bytes = b"") -> str:
    """Pure. The value has no lone surrogates: it was decoded from UTF-8."""
    key = epoch.key if not subject_key else hmac.digest(epoch.key, subject_key, "sha256")
    digest = hmac.digest(key, f"{field}\0{value}".encode(), "sha256")
    return f"{epoch.id}.{urlsafe_b64encode(digest[:DIGEST_BYTES])[:-2].decode()}"


def epoch_at(epochs: Sequence[EpochKey], event_tstamp: int) -> EpochKey:
    """The epoch of an event of that time (ms since 1970)."""
    return epochs[max(0, bisect_right([epoch.from_tstamp for epoch in epochs], event_tstamp) - 1)]


def no_pseudonym(_field: str, _value: str) -> str | None:
    """For a subject whose key is destroyed or could not be read."""
    return None


class EpochPseudonyms:
    """The function of an epoch, for subjects without a key of their own. It depends on nothing else, so that its
    results may be remembered; it remembers them itself, too. Ids of events do not repeat and are not remembered.
    """

    __slots__ = ("_epoch", "_remembering")

    def __init__(self, epoch: EpochKey) -> None:
        self._epoch = epoch
        # Bounded in entries alone: a policy can pseudonymise ids only, and ids are short.
        self._remembering = lru_cache(_REMEMBERED)(partial(pseudonym, epoch))

    def __call__(self, field: str, value: str) -> str:
        return pseudonym(self._epoch, field, value) if field == EVENT_ID else self._remembering(field, value)


class Pseudonyms:
    """All epochs."""

    def __init__(self, epochs: Sequence[EpochKey], *, with_event_ids: bool = False) -> None:
        """``with_event_ids``: a purpose has pseudonyms of event ids."""
        self._with_event_ids = with_event_ids
        self._epochs = tuple(epochs)
        self._starts = [epoch.from_tstamp for epoch in epochs]
        self._functions = [EpochPseudonyms(epoch) for epoch in epochs]

    def at(self, event_tstamp: int, subject_key: bytes = b"") -> Pseudonymise:
        """The function for an event of that time (ms since 1970), made by a subject with that key, if any."""
        number = 0 if len(self._starts) == 1 else max(0, bisect_right(self._starts, event_tstamp) - 1)
        if not subject_key:
            return self._functions[number]
        epoch = self._epochs[number]
        made = partial(_of_subject, epoch, subject_key)
        return partial(_but_event_ids, epoch, made) if self._with_event_ids else made

    def without_subject(self, event_tstamp: int) -> Pseudonymise:
        """For an event of that time whose subject's key is destroyed or could not be read."""
        if not self._with_event_ids:
            return no_pseudonym
        return partial(_but_event_ids, epoch_at(self._epochs, event_tstamp), no_pseudonym)


def _of_subject(epoch: EpochKey, subject_key: bytes, field: str, value: str) -> str:
    return pseudonym(epoch, field, value, subject_key)


def _but_event_ids(epoch: EpochKey, others: Pseudonymise, field: str, value: str) -> str | None:
    return pseudonym(epoch, field, value) if field == EVENT_ID else others(field, value)
