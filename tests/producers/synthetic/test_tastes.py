"""People have tastes: what they did before says what they do next."""

from collections import Counter, defaultdict
from itertools import pairwise
from random import Random

import msgspec
import pytest

from producers.record import Record
from producers.synthetic.brands import BRANDS
from producers.synthetic.generator import GeneratorSettings, generate
from producers.synthetic.listings import CATEGORIES, LEVELS, kind, level_of
from producers.synthetic.marketplace import Marketplace, build_marketplace
from producers.synthetic.tastes import build_interests, next_interest, random_taste
from producers.synthetic.visits import Visit
from tests.producers.conftest import LISTINGS, START_MS, USERS

OF_LISTINGS = {"listing_view", "like", "share", "add_to_cart", "checkout", "order", "listing_create"}
BY_CHANCE = 1 / len(CATEGORIES)


class Watched:
    """The listings that each visit viewed, and what people did with the listing that they saw."""

    def __init__(self) -> None:
        self.views: dict[bytes, list[str]] = defaultdict(list)
        self.bots: set[bytes] = set()
        self.persons: dict[bytes, Visit] = {}
        self.done: Counter[tuple[str, bool]] = Counter()

    def add(self, visit: Visit, collector_ms: int) -> None:
        if visit.action is None or visit.listing is None:
            return
        if visit.taste is None:
            self.bots.add(visit.event_id_prefix)
        else:
            self.persons[visit.event_id_prefix] = visit
            self.done[visit.action, visit.listing.kind in visit.taste.kinds] += 1
        if visit.action == "listing_view":
            self.views[visit.event_id_prefix].append(visit.listing.category)


@pytest.fixture(scope="module")
def watched(marketplace: Marketplace) -> Watched:
    found = Watched()
    settings = GeneratorSettings(start_ms=START_MS, events=30_000, users=USERS, listings=LISTINGS)
    for _ in generate(settings, marketplace, found.add):
        pass
    return found


def same_as_before(views: list[list[str]]) -> float:
    pairs = [pair for each in views for pair in pairwise(each)]
    return sum(before == after for before, after in pairs) / len(pairs)


def test_a_visit_stays_mostly_with_one_category_and_a_bot_does_not(watched: Watched) -> None:
    assert same_as_before([watched.views[visit] for visit in watched.persons]) > 0.6
    assert same_as_before([watched.views[visit] for visit in watched.bots]) < 2 * BY_CHANCE


def test_people_stay_with_their_own_categories_over_visits(watched: Watched) -> None:
    own = everything = 0
    for prefix, visit in watched.persons.items():
        assert visit.taste is not None
        liked = {each.partition("/")[0] for each in visit.taste.kinds}
        assert 1 <= len(liked) <= 3
        own += sum(category in liked for category in watched.views[prefix])
        everything += len(watched.views[prefix])
    assert own / everything > 0.85


@pytest.mark.parametrize("action", ["like", "add_to_cart", "order"])
def test_what_pleases_is_liked_and_bought_more_often(watched: Watched, action: str) -> None:
    rates = {
        pleases: watched.done[action, pleases] / watched.done["listing_view", pleases] for pleases in (True, False)
    }
    assert rates[True] > 2 * rates[False] > 0


def test_all_categories_are_somebody_s_favourite(marketplace: Marketplace) -> None:
    favourites = Counter(each.partition("/")[0] for person in marketplace.people for each in person.taste.kinds)
    assert favourites.keys() == CATEGORIES.keys()
    assert max(favourites.values()) < 2 * min(favourites.values())


def test_every_event_about_a_listing_has_its_brand(marketplace: Marketplace, stream: list[Record]) -> None:
    brands = defaultdict(set)
    names = set()
    for record in stream:
        if record.kind == "event" and b'"listing_id"' in record.value:
            event = msgspec.json.decode(record.value)
            attributes = event["attributes"]
            names.add(event["event_name"])
            brands[attributes["listing_id"]].add(attributes["brand"])
            assert attributes["brand"] in BRANDS[attributes["category"]]
    assert names == OF_LISTINGS
    assert all(len(each) == 1 for each in brands.values())
    assert {brand for each in brands.values() for brand in each} == {
        each for group in BRANDS.values() for each in group
    }


def test_tastes_follow_from_the_seed() -> None:
    def tastes(seed: int) -> list[object]:
        return [person.taste for person in build_marketplace(seed, 50, 50).people]

    assert tastes(4) == tastes(4)
    assert tastes(4) != tastes(5)


def test_popular_listings_of_a_shelf_are_there_more_often(marketplace: Marketplace) -> None:
    first = marketplace.listings[0]
    rare = next(each for each in reversed(marketplace.listings) if each.category == first.category)
    shelf = marketplace.interests[first.kind].wide
    assert {each.category for each in shelf} == {first.category}
    assert shelf.count(first) > 20 * max(1, shelf.count(rare))


def test_an_interest_without_listings_takes_the_whole_category(marketplace: Marketplace) -> None:
    only = marketplace.listings[0]
    found = build_interests([only], {only.category: [(b"a", b"a")]})
    other = next(name for name in BRANDS[only.category] if kind(only.category, name, level_of(only.price)) != only.kind)
    assert set(found[kind(only.category, other, 0)].narrow) == {only}
    assert next_interest(random_taste(Random(1)), {}, Random(1)) is None


def test_levels_begin_at_their_prices() -> None:
    assert [level_of(price) for price in (0.0, 29.99, LEVELS[0], LEVELS[1] - 0.01, LEVELS[1], 9_000.0)] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
