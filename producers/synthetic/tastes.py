"""What people like, and the listings that suit it: without tastes, nothing could be learned from behaviour.

A person prefers one to three categories, one brand of each, and one level of price. A visit has one interest at a time,
which is drawn from the taste: a category, a brand and a level. Bots have no taste.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import log
from random import Random
from typing import NamedTuple

from producers.synthetic.brands import BRANDS, brand
from producers.synthetic.listings import CATEGORIES, LEVELS, Listing, kind

_NAMES = tuple(CATEGORIES)
_LEVELS = len(LEVELS) + 1
_LOOKED_FOR = 8
_PLACES = 4
"""In the table of a shelf, for each listing."""
_FAVOURITE_BRAND, _OWN_LEVEL = 0.75, 0.8
"""Share of the interests that have them; the others have a random one."""


class Taste(NamedTuple):
    kinds: frozenset[str]
    """Kinds of listings that please: a category of theirs, its favourite brand, and their level of price."""
    looked_for: tuple[str, ...]
    """Kinds that the person looks for, drawn from the taste. A visit's interests are some of these."""


Shelf = Sequence[Listing]
"""Listings that belong together, each as often as its popularity says: any place is as good as another."""


class Interest(NamedTuple):
    category: bytes
    narrow: Shelf
    """Of the category, the brand and the level; of the category, if there are none."""
    wide: Shelf
    """Of the category."""
    search_terms: list[tuple[bytes, bytes]]
    """About the category, as typed, and quoted for a URL."""


Interests = Mapping[str, Interest]
"""Kind of listings → the interest in them."""


def random_taste(rng: Random) -> Taste:
    """The shares of the categories are uniform on the simplex: a Dirichlet distribution with all parameters 1."""
    categories = tuple(dict.fromkeys(_NAMES[int(rng.random() * len(_NAMES))] for _ in range(1 + int(rng.random() * 3))))
    weights = [-log(1.0 - rng.random()) for _ in categories]
    brands = {category: brand(category, rng) for category in categories}
    level = int(rng.random() * _LEVELS)
    looked_for = []
    for category in rng.choices(categories, weights, k=_LOOKED_FOR):
        name = brands[category] if rng.random() < _FAVOURITE_BRAND else brand(category, rng)
        looked_for.append(kind(category, name, level if rng.random() < _OWN_LEVEL else int(rng.random() * _LEVELS)))
    pleasing = frozenset(kind(category, name, level) for category, name in brands.items())
    return Taste(pleasing, tuple(looked_for))


def build_interests(listings: Iterable[Listing], search_terms: Mapping[str, list[tuple[bytes, bytes]]]) -> Interests:
    """Of all categories that have listings. ``listings``: each with its popularity, by rank."""
    narrow: dict[str, list[tuple[float, Listing]]] = defaultdict(list)
    wide: dict[str, list[tuple[float, Listing]]] = defaultdict(list)
    for rank, each in enumerate(listings, start=1):
        weighted = 1.0 / (rank + 10), each  # as population.Zipf
        narrow[each.kind].append(weighted)
        wide[each.category].append(weighted)
    shelves = {category: _shelf(weighted) for category, weighted in wide.items()}
    return {
        (key := kind(category, name, level)): Interest(
            category=category.encode(),
            narrow=_shelf(found) if (found := narrow.get(key)) else shelf,
            wide=shelf,
            search_terms=search_terms[category],
        )
        for category, shelf in shelves.items()
        for name in BRANDS[category]
        for level in range(_LEVELS)
    }


def next_interest(taste: Taste, interests: Interests, rng: Random) -> Interest | None:
    """One that the person has now; None if the category has no listings, as in a very small marketplace."""
    return interests.get(taste.looked_for[int(rng.random() * _LOOKED_FOR)])


def _shelf(weighted: list[tuple[float, Listing]]) -> Shelf:
    """A table instead of a search among cumulative weights, which takes several times as long.

    The least popular of a large shelf may be missing: they are seen in random views only.
    """
    upto = list(accumulate(weight for weight, _ in weighted))
    places = len(weighted) * _PLACES
    return [weighted[bisect(upto, upto[-1] * (place + 0.5) / places)][1] for place in range(places)]
