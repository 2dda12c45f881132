"""The content of an event: page, title and attributes, without actor and device."""

from random import Random
from typing import NamedTuple

from producers.synthetic.journey import NOT_PLEASED, PLEASED
from producers.synthetic.listings import Listing
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.tastes import next_interest
from producers.synthetic.visits import Visit

NARROW, WIDE, JUMP = 0.65, 0.17, 0.1
"""Shares of the views: of the visit's interest, of its category, of a new interest. The others are random."""
_WIDE_BELOW, _JUMP_BELOW = NARROW + WIDE, NARROW + WIDE + JUMP


class EventContent(NamedTuple):
    """``path`` starts with a slash; ``attributes`` are the members of the JSON object ``attributes``."""

    path: bytes
    title: bytes
    attributes: bytes


def choose(options: tuple[bytes, ...], rng: Random) -> bytes:
    """One of the options with equal probability; five times as fast as :meth:`Random.choice`."""
    return options[int(rng.random() * len(options))]


def current_listing(visit: Visit, marketplace: Marketplace, rng: Random) -> Listing:
    """The listing that the visitor views, another one if there is none yet."""
    return visit.listing or next_listing(visit, marketplace, rng)


def next_listing(visit: Visit, marketplace: Marketplace, rng: Random) -> Listing:
    """The listing that the visitor views now, by the visit's interest. Whether it pleases decides what comes next."""
    taste, interest = visit.taste, visit.interest
    if taste is None:
        visit.listing = listing = marketplace.listing(rng)
        return listing
    draw = rng.random()
    if _WIDE_BELOW <= draw < _JUMP_BELOW:
        visit.interest = interest = next_interest(taste, marketplace.interests, rng)
    if interest is None or draw >= _JUMP_BELOW:
        listing = marketplace.listing(rng)
    else:
        shelf = interest.wide if NARROW <= draw < _WIDE_BELOW else interest.narrow
        listing = shelf[int(rng.random() * len(shelf))]
    visit.listing = listing
    visit.journey = PLEASED if listing.kind in taste.kinds else NOT_PLEASED
    return listing
