"""The marketplace's listings, each rendered to JSON once, because all events about it share these parts."""

from bisect import bisect
from random import Random
from typing import NamedTuple

from producers.synthetic.brands import brand
from producers.synthetic.json_text import json_members
from producers.synthetic.population import listing_id, user_id

CATEGORIES: dict[str, tuple[str, ...]] = {
    "bikes": ("road bike", "mountain bike", "cargo bike", "bike trailer"),
    "furniture": ("oak table", "corner sofa", "bookshelf", "desk lamp", "bed frame"),
    "electronics": ("laptop", "headphones", "game console", "camera lens"),
    "fashion": ("winter coat", "leather boots", "vintage jacket", "running shoes"),
    "home-garden": ("lawn mower", "garden chair", "coffee machine", "vacuum cleaner"),
    "baby-kids": ("pram", "cot", "building blocks", "child seat"),
    "cars-parts": ("winter tyres", "roof box", "bike carrier", "car battery"),
    "real-estate": ("two-room flat", "garage", "studio flat"),
    "books-music": ("acoustic guitar", "digital piano", "record player", "comic collection"),
}
_NAMES = tuple(CATEGORIES)
_QUALITIES = ("blue", "as new", "used", "large", "classic", "barely used", "vintage", "black", "with receipt")
CITIES = (
    ("Wien", "AT", "1070"), ("Berlin", "DE", "10115"), ("München", "DE", "80331"), ("Lyon", "FR", "69003"),
    ("Zürich", "CH", "8004"), ("Madrid", "ES", "28004"), ("Málaga", "ES", "29005"), ("Utrecht", "NL", "3511"),
    ("Milano", "IT", "20121"), ("København", "DK", "1620"),
)  # fmt: skip
_CURRENCIES = {"CH": "CHF", "DK": "DKK"}
LEVELS = (30.0, 100.0)
"""Prices from which the next level begins: a quarter of the listings, two fifths, and a third."""


class Listing(NamedTuple):
    """``brief`` and ``full`` are members of the JSON object ``attributes``; ``path`` is the path of its page."""

    path: bytes
    title: bytes
    brief: bytes
    full: bytes
    item: bytes
    """A JSON object: the listing as one line of an order."""
    price: float
    currency: str
    category: str
    kind: str
    """Category, brand and level of price, by :func:`kind`."""


def kind(category: str, brand_name: str, level: int) -> str:
    """What is alike for somebody with a taste."""
    return f"{category}/{brand_name}/{level}"


def level_of(price: float) -> int:
    """Level of price, from 0 to the number of :data:`LEVELS`."""
    return bisect(LEVELS, price)


def listing(n: int, users: int, rng: Random, brands: Random) -> Listing:
    """The ``n``-th listing, sold by one of ``users`` accounts. ``brands``: random numbers for its brand alone."""
    category = rng.choice(_NAMES)
    noun, quality = rng.choice(CATEGORIES[category]), rng.choice(_QUALITIES)
    city, country, postcode = rng.choice(CITIES)
    price = round(min(rng.lognormvariate(4.0, 1.1), 9_000.0), 2)
    currency = _CURRENCIES.get(country, "EUR")
    name = brand(category, brands)
    brief = {
        "listing_id": listing_id(n),
        "category": category,
        "brand": name,
        "price": price,
        "currency": currency,
    }
    more = {
        "seller": {
            "id": user_id(1 + int(rng.random() * users)),
            "type": "professional" if rng.random() < 0.2 else "private",
            "rating": round(3.0 + 2.0 * rng.random(), 1),
            "reviews": int(rng.random() * 180),
        },
        "location": {"city": city, "country": country, "postcode": postcode},
        "images": 1 + int(rng.random() * 10),
        "condition": "new" if rng.random() < 0.15 else "used",
        "shipping": ["pickup", "parcel"] if price < 200 else ["pickup"],
    }
    slug = f"{quality}-{noun}".replace(" ", "-")
    return Listing(
        path=f"/{category}/{slug}-{listing_id(n)}".encode(),
        title=f"{noun.capitalize()}, {quality}: {city}".encode(),
        brief=json_members(brief),
        full=json_members({**brief, **more}),
        item=b"{%b}" % json_members({"sku": listing_id(n), "name": f"{noun}, {quality}", "unit_price": price}),
        price=price,
        currency=currency,
        category=category,
        kind=kind(category, name, level_of(price)),
    )
