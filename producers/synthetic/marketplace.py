"""The marketplace, constant during a run: people with addresses and devices, and the listings."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple
from urllib.parse import quote_plus

from producers.synthetic import addresses, devices, security_attributes
from producers.synthetic.addresses import Region
from producers.synthetic.devices import Device
from producers.synthetic.listings import CATEGORIES, Listing, listing
from producers.synthetic.population import LISTINGS, USERS, Zipf, user_id
from producers.synthetic.tastes import Interests, Taste, build_interests, random_taste

SECOND_ADDRESS_SHARE = 0.35
APPLICATION_SHARE = 0.45


class Person(NamedTuple):
    user_id: bytes
    home: bytes
    mobile: bytes | None
    browser: Device
    application: Device | None
    email_domain: bytes
    taste: Taste


class Marketplace(NamedTuple):
    people: list[Person]
    popularity_of_people: Zipf
    listings: list[Listing]
    popularity_of_listings: Zipf
    search_terms: list[tuple[bytes, bytes]]
    """As typed, and quoted for a URL."""
    interests: Interests

    def person(self, rng: Random) -> Person:
        """A random person, weighted by activity."""
        return self.people[self.popularity_of_people.rank(rng.random()) - 1]

    def listing(self, rng: Random) -> Listing:
        """A random listing, weighted by popularity."""
        return self.listings[self.popularity_of_listings.rank(rng.random()) - 1]


def _person(n: int, carriers: Mapping[Region, list[str]], rng: Random, tastes: Random) -> Person:
    region = addresses.random_region(rng)
    mobile = rng.choice(carriers[region]) if rng.random() < SECOND_ADDRESS_SHARE else None
    # Both addresses are in one place: who changes between them every hour does not travel.
    home = addresses.home(region, rng) if mobile is None else addresses.beside(mobile, rng)
    return Person(
        user_id=(identifier := user_id(n).encode()),
        home=home.encode(),
        mobile=None if mobile is None else mobile.encode(),
        browser=devices.browser(region, rng),
        application=devices.application(region, rng) if rng.random() < APPLICATION_SHARE else None,
        email_domain=security_attributes.email_domain(identifier).encode(),
        taste=random_taste(tastes),
    )


def _search_terms(nouns: Iterable[str]) -> list[tuple[bytes, bytes]]:
    phrases = [phrase for noun in nouns for phrase in (noun, f"{noun} used", f"cheap {noun}", f"{noun} Zürich")]
    return [(phrase.encode(), quote_plus(phrase).encode()) for phrase in phrases]


def build_marketplace(seed: int, users: int = USERS, listings: int = LISTINGS) -> Marketplace:
    """The same marketplace for the same arguments, in any process. Takes about 2 s for the default sizes."""
    rng = Random(f"world {seed}")  # the seed text determines the records, so it stays
    # Brands and tastes have random numbers of their own: people, devices and the rest of a listing stay as they are.
    brands, tastes = Random(f"brands {seed}"), Random(f"tastes {seed}")
    carriers = addresses.carriers(rng)
    people = [_person(n, carriers, rng, tastes) for n in range(1, users + 1)]
    offered = [listing(n, users, rng, brands) for n in range(1, listings + 1)]
    terms = {category: _search_terms(nouns) for category, nouns in CATEGORIES.items()}
    return Marketplace(
        people=people,
        popularity_of_people=Zipf(users),
        listings=offered,
        popularity_of_listings=Zipf(listings),
        search_terms=[each for group in terms.values() for each in group],
        interests=build_interests(offered, terms),
    )
