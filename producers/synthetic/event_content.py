"""What an event says beyond who and where."""

from random import Random
from typing import NamedTuple

from producers.synthetic.listings import Listing
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.visits import Visit


class Content(NamedTuple):
    """``path`` starts with a slash; ``attributes`` are members of the JSON object ``attributes``."""

    path: bytes
    title: bytes
    attributes: bytes


def pick(options: tuple[bytes, ...], rng: Random) -> bytes:
    """One of the options, equally likely (:meth:`Random.choice` takes five times as long)."""
    return options[int(rng.random() * len(options))]


def shown(session: Visit, world: Marketplace, rng: Random) -> Listing:
    """The listing the visitor looks at."""
    if session.listing is None:
        session.listing = world.listing(rng)
    return session.listing
