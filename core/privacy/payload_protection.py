"""The payload of a failed or late record: sealed, or reduced to digest and size. It is never readable."""

from collections.abc import Callable
from hashlib import sha256
from typing import Literal

from contracts.events.raw import MAX_BYTES
from contracts.events.rejected import Payload
from core.privacy.envelopes import PAYLOAD, Envelopes

PayloadPolicy = Literal["encrypt", "scrub"]
Protect = Callable[[bytes], Payload]


def scrubbed(raw: bytes) -> Payload:
    """Digest and size alone; also used for subjects who have opted out."""
    return Payload(sha256=sha256(raw).hexdigest(), size=len(raw))


def protection(policy: PayloadPolicy, envelopes: Envelopes) -> Protect:
    if policy == "scrub":
        return scrubbed

    def sealed(raw: bytes) -> Payload:
        return Payload(
            sha256=sha256(raw).hexdigest(),
            size=len(raw),
            envelope=envelopes.seal(raw[:MAX_BYTES], PAYLOAD),
            truncated=len(raw) > MAX_BYTES,
        )

    return sealed
