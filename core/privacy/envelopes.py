"""Envelopes: encrypted values, ``<key id>.<base64url of nonce, ciphertext and tag>``.

AES-256-GCM with a random nonce of 12 bytes: rotate a key after some four thousand million envelopes (NIST SP 800-38D).
The context is authenticated, so that the envelope of one field is not accepted as that of another.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PAYLOAD = b"payload"
"""The context of a failed or late record's payload; a field's is its name."""
_NONCE_BYTES = 12


class EnvelopeError(Exception):
    """The envelope cannot be opened: its key is unknown, its context is wrong, or it was changed."""


class Envelopes:
    """Seals with the newest key, opens with any."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest = list(keys)[-1]
        self._seal = self._ciphers[self._newest].encrypt

    def seal(self, content: bytes, context: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = urlsafe_b64encode(nonce + self._seal(nonce, content, context))
        return f"{self._newest}.{sealed.decode()}"

    def open(self, envelope: str, context: bytes) -> bytes:
        """:raises EnvelopeError:"""
        key_id, _, sealed = envelope.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise EnvelopeError(f"there is no key {key_id[:16]!r}")
        try:
            content = urlsafe_b64decode(sealed)
            return cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], context)
        except (Base64Error, InvalidTag, ValueError):
            raise EnvelopeError("it was changed, or sealed in another context") from None
