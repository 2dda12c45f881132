"""The key ring: the keys of pseudonyms by epoch, and the keys of envelopes. Its JSON must never be in the repository.

    {"pseudonyms": [{"id": "e1", "from_tstamp": 0, "key": "<base64, 32 bytes>"},
                    {"id": "e2", "from_tstamp": 1790000000000, "key": "..."}],
     "envelopes": [{"id": "k1", "key": "..."}]}

An epoch is chosen by the event's own time, so that an event has the same pseudonym in a replay after a rotation. The
last key of the envelopes seals, all of them open.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from itertools import pairwise
from typing import Annotated

import msgspec

from common.secret import Secret, decode_secret

KEY_BYTES = 32
KeyId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,16}$")]


class KeyRingError(Exception):
    """The keys cannot be used. The message says what is wrong and never holds a key."""


class _EpochKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: KeyId
    from_tstamp: Annotated[int, msgspec.Meta(ge=0)]
    key: Secret


class _EnvelopeKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: KeyId
    key: Secret


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pseudonyms: Annotated[list[_EpochKey], msgspec.Meta(min_length=1)]
    envelopes: Annotated[list[_EnvelopeKey], msgspec.Meta(min_length=1)]


class EpochKey(msgspec.Struct, frozen=True):
    """``from_tstamp``: event time, ms since 1970, from which it holds."""

    id: str
    from_tstamp: int
    key: bytes

    def __repr__(self) -> str:
        return f"EpochKey({self.id})"


class KeyRing(msgspec.Struct, frozen=True):
    """``epochs`` in the order of time, the first from 0 on; ``envelopes``: id → key, the newest last."""

    epochs: tuple[EpochKey, ...]
    envelopes: dict[str, bytes]

    def __repr__(self) -> str:
        return f"KeyRing({[epoch.id for epoch in self.epochs]}, {list(self.envelopes)})"


def read_key_ring(content: bytes | str) -> KeyRing:
    """:raises KeyRingError: where the JSON is not as above, a key is not 32 bytes, or an id is there twice."""
    try:
        file = msgspec.json.decode(content, type=_File, dec_hook=decode_secret)
    except msgspec.ValidationError as error:
        raise KeyRingError(f"the key ring is not as it should be: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise KeyRingError("the key ring is not JSON") from None
    epochs = tuple(EpochKey(each.id, each.from_tstamp, _key(each.id, each.key)) for each in file.pseudonyms)
    starts = [epoch.from_tstamp for epoch in epochs]
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        raise KeyRingError("the pseudonyms' from_tstamp must begin with 0 and rise")
    for ids in ([each.id for each in file.pseudonyms], [each.id for each in file.envelopes]):
        if len(set(ids)) != len(ids):
            raise KeyRingError("a key's id is there twice")
    return KeyRing(epochs, {each.id: _key(each.id, each.key) for each in file.envelopes})


def _key(key_id: str, text: Secret) -> bytes:
    try:
        key = b64decode(text.reveal(), validate=True)
    except (Base64Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyRingError(f"key {key_id!r} is not {KEY_BYTES} bytes in base64")
    return key
