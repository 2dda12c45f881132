"""Deterministic profiles for a marketplace of any size: the same seed gives the same records."""

import random
from collections.abc import Iterator

from contracts.lookup_api.lookups import ListingProfile, UserProfile

ABSENT_EVERY = 20
"""Every twentieth id (5 %) has no record, as in production: deleted accounts and removed listings."""

FROM_MS = 1_451_606_400_000
"""2016-01-01, the assumed opening of the marketplace."""
UNTIL_MS = 1_782_864_000_000
"""2026-07-01."""
DAY_MS = 86_400_000

SEGMENTS = {"new": 15, "casual": 45, "regular": 25, "power_seller": 5, "dormant": 10}
# category: share of listings, median price in EUR
CATEGORIES = {
    "electronics": (18, 120.0),
    "furniture": (16, 80.0),
    "fashion": (20, 25.0),
    "vehicles": (12, 6500.0),
    "real_estate": (6, 210_000.0),
    "baby_and_kids": (10, 20.0),
    "hobbies": (12, 35.0),
    "jobs_and_services": (6, 50.0),
}
CURRENCIES = {"EUR": 86, "GBP": 8, "PLN": 6}


def user_id(n: int) -> str:
    return f"u{n:07d}"


def listing_id(n: int) -> str:
    return f"l{n:08d}"


def has_record(n: int) -> bool:
    return n % ABSENT_EVERY != 0


def users(count: int, seed: int) -> Iterator[tuple[str, UserProfile | None]]:
    """Ids 1 to ``count`` with their profiles, None for an absent one. A larger count does not change the first ones."""
    rng = random.Random(f"{seed}:users")
    segments, weights = list(SEGMENTS), list(SEGMENTS.values())
    for n in range(1, count + 1):
        profile = UserProfile(
            user_registered_tstamp=rng.randrange(FROM_MS, UNTIL_MS),
            user_segment=rng.choices(segments, weights)[0],
            user_type="professional" if rng.random() < 0.08 else "private",
            user_verified=rng.random() < 0.7,
        )
        yield user_id(n), profile if has_record(n) else None


def listings(count: int, seed: int, *, sellers: int) -> Iterator[tuple[str, ListingProfile | None]]:
    """Ids 1 to ``count`` with their listings; the seller is one of the first ``sellers`` users."""
    rng = random.Random(f"{seed}:listings")
    categories, shares = list(CATEGORIES), [share for share, _ in CATEGORIES.values()]
    currencies, currency_weights = list(CURRENCIES), list(CURRENCIES.values())
    for n in range(1, count + 1):
        category = rng.choices(categories, shares)[0]
        profile = ListingProfile(
            listing_category=category,
            listing_price=round(CATEGORIES[category][1] * rng.lognormvariate(0, 0.6), 2),
            listing_currency=rng.choices(currencies, currency_weights)[0],
            listing_seller_id=user_id(rng.randint(1, max(sellers, 1))),
            listing_created_tstamp=UNTIL_MS - int(rng.expovariate(1 / 60) * DAY_MS),
        )
        yield listing_id(n), profile if has_record(n) else None
