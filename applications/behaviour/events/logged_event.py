"""An event as the state keeps it: what sessions need of it, and no more."""

from hashlib import blake2b

import msgspec


class LoggedEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Packed as a list, so that names are not stored. New fields come last and have defaults.

    Events of a visitor are ordered by (tstamp, id).
    """

    tstamp: int
    """ms since 1970 UTC, ``derived_tstamp``."""
    id: int
    """64 bits of the event's id, see :func:`short_id`."""
    name: str
    page: str | None = None
    user: str | None = None
    client_session: str | None = None
    country: str | None = None
    region: str | None = None
    device: str | None = None
    referrer_medium: str | None = None
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    is_bot: bool = False
    amount: int = 0
    """Price times quantity, in thousandths: whole numbers have the same sum in any order."""
    currency: str | None = None

    @property
    def has_campaign(self) -> bool:
        return self.source is not None or self.medium is not None or self.campaign is not None


def order_of(event: LoggedEvent) -> tuple[int, int]:
    """The place in the order of a visitor's events."""
    return event.tstamp, event.id


def short_id(event_id: str) -> int:
    """64 bits that tell a visitor's events apart: among 20,000 two are equal once in 10^11 visitors."""
    return int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest())
