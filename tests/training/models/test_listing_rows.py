"""The row of a view has what was known before it, and no later event changes it."""

from dataclasses import replace

import msgspec
import pytest

from core.features.source_events import BehaviourEvent
from producers.synthetic.generator import GeneratorSettings, generate
from tests.training.models.samples import SMALL, features, inputs, view
from training.enriching import Enricher
from training.models.listing_rows import Group, ListingRows
from training.models.streams import behaviour, consented

NAME = "listing_recommendation"
CANDIDATES = 10


def groups(events: list[BehaviourEvent]) -> list[Group]:
    return list(ListingRows(features(), inputs(NAME), seed=1).groups(events, lambda _: CANDIDATES))


@pytest.fixture(scope="module")
def events() -> list[BehaviourEvent]:
    return list(behaviour(replace(SMALL, events=2_000)))


def test_later_events_change_no_row(events: list[BehaviourEvent]) -> None:
    half = len(events) // 2
    before = groups(events[:half])
    later = [
        msgspec.structs.replace(each, listing_id="l00000001", category="odd", brand="odd", price=1.0)
        for each in events[half:]
    ]
    assert len(before) > 100
    assert groups([*events[:half], *later])[: len(before)] == before


def test_a_view_is_not_in_its_own_row() -> None:
    rows = ListingRows(features(), inputs(NAME), seed=1)
    names = inputs(NAME).names
    known = [view(number, f"l{number}", browser="other") for number in range(30)]
    own = [view(40, "l1", category="fashion"), view(41, "l2")]
    first, second = list(rows.groups([*known, *own], lambda event: CANDIDATES * (event in own)))
    of_first = dict(zip(names, first.rows[0], strict=True))
    assert of_first["views_7d"] == pytest.approx(0.693, abs=0.001)
    assert (of_first["views_of_week"], of_first["category_among_last"], first.in_last_category[0]) == (0, 0, False)
    of_second = dict(zip(names, second.rows[0], strict=True))
    assert of_second["views_of_week"] == pytest.approx(0.693, abs=0.001)
    assert (of_second["brand_among_last"], of_second["category_among_last"]) == (1, 0)
    assert second.popularity[0] == 1


def test_candidates_are_different_listings_that_were_viewed_before(events: list[BehaviourEvent]) -> None:
    found = groups(events)
    assert {len(group.rows) for group in found} == {CANDIDATES}
    assert {len(group.popularity) for group in found} == {CANDIDATES}
    assert all(min(group.popularity) >= 0 for group in found)


def test_late_views_crawlers_and_unknown_listings_have_no_group() -> None:
    rows = ListingRows(features(), inputs(NAME), seed=1)
    known = [view(number, f"l{number}") for number in range(30)]
    without = [
        view(5, "l1", event_id="event-late"),
        view(50, "l1", user_agent_is_crawler=True),
        view(51, "never-seen"),
        view(52, "l1", domain_userid=None),
    ]
    assert list(rows.groups([*known, *without], lambda event: CANDIDATES * (event in without))) == []
    assert rows.left_out == [without[2].derived_tstamp]


def test_who_refuses_is_not_in_the_stream() -> None:
    settings = GeneratorSettings(start_ms=SMALL.start_ms, events=500, users=50, listings=50)
    records = list(generate(settings))
    refused = {b'"consent":false' in record.value for record in records}
    assert refused == {True, False}
    with Enricher(None, None) as enricher:
        found = {event.event_id for event in consented(records, enricher)}
    assert found == {event.event_id for event in behaviour(settings)}
    assert not any(each.encode() in r.value for r in records if b'"consent":false' in r.value for each in found)
