"""The truth about a stream's visits, against what its events say; and visits with time between them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from core.flatten import derived_tstamp
from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate
from producers.synthetic.marketplace import Marketplace
from producers.synthetic.true_visits import TrueVisit, TrueVisits
from tests.producers.conftest import EVENTS, LISTINGS, START_MS, USERS
from tests.producers.synthetic.test_generator import NO_DEFECTS

IDLE_MS = 30 * 60_000
SETTINGS = GeneratorSettings(start_ms=START_MS, events=EVENTS, users=USERS, listings=LISTINGS)
HOURS = replace(SETTINGS, events=20_000, event_rate=1.0, active_visits=20, defect_rates=NO_DEFECTS)
"""5.5 hours. A visit has an event every 20 seconds."""

Event = dict[str, Any]


def true_visits(settings: GeneratorSettings, marketplace: Marketplace) -> tuple[list[Record], list[TrueVisit]]:
    truth = TrueVisits()
    return list(generate(settings, marketplace, truth.add)), truth.all()


def by_visit(records: Iterable[Record]) -> dict[str, list[tuple[int, Event]]]:
    """Derived times and events by the part of the event's id that a visit's events share; each event once."""
    visits = defaultdict[str, list[tuple[int, Event]]](list)
    for record in records:
        if record.kind not in ("event", "late"):
            continue
        event = msgspec.json.decode(record.value)
        times = event["times"]
        at_ms = derived_tstamp(times["dvce_created_tstamp"], times.get("dvce_sent_tstamp"), record.timestamp_ms)
        visits[event["event_id"][:24]].append((at_ms, event))
    return visits


def only(events: Iterable[Event], name: str) -> str | None:
    found = {event["actor"][name] for event in events if name in event["actor"]}
    assert len(found) <= 1
    return next(iter(found), None)


def test_the_truth_is_what_the_events_say(marketplace: Marketplace) -> None:
    records, visits = true_visits(replace(SETTINGS, server_without_browser=0.3), marketplace)
    said = by_visit(records)
    assert len(said) == len(visits) > 3_000
    for events, visit in zip(said.values(), visits, strict=True):
        assert [(at_ms, event["event_name"]) for at_ms, event in events] == [(e.tstamp, e.name) for e in visit.events]
        for (_, event), true in zip(events, visit.events, strict=True):
            actor = event["actor"]
            assert ("user_id" in actor, "domain_userid" in actor) == (true.names_account, true.names_browser)
            assert true.refuses == (event["context"].get("consent") is False)
        contents = [event for _, event in events]
        if any(event.names_browser for event in visit.events):
            assert only(contents, "domain_userid") == visit.domain_userid
            assert only(contents, "domain_sessionid") == visit.domain_sessionid
        assert only(contents, "user_id") == visit.account
        assert (visit.start, visit.end) == (min(at for at, _ in events), max(at for at, _ in events))
        values = defaultdict[str, int](int)
        for event in contents:
            if event["event_name"] == "order":
                sold = event["attributes"]
                values[sold["currency"]] += round(sold["price"] * 1000) * sold["quantity"]
        assert visit.order_values == values
    assert sum(bool(visit.order_values) for visit in visits) > 100
    assert any(visit.account is None and visit.user_id is not None for visit in visits)
    assert any(event.refuses for visit in visits for event in visit.events)


def test_to_observe_a_stream_does_not_change_it(marketplace: Marketplace, stream: list[Record]) -> None:
    assert true_visits(SETTINGS, marketplace)[0] == stream


def sessions_by_browser(visits: Iterable[TrueVisit]) -> dict[str, list[int]]:
    """Numbers of events of each browser's sessions."""
    times = defaultdict[str, list[int]](list)
    for visit in visits:
        if visit.domain_userid is not None:
            times[visit.domain_userid] += (event.tstamp for event in visit.events)
    sessions = {}
    for browser, at in times.items():
        sessions[browser] = [1]
        for earlier, later in pairwise(sorted(at)):
            if later - earlier > IDLE_MS:
                sessions[browser].append(0)
            sessions[browser][-1] += 1
    return sessions


@pytest.mark.parametrize(
    ("settings", "share"),
    [(replace(HOURS, event_rate=5.0, active_visits=2_000), 0.03), (replace(HOURS, event_rate=5.0), 0.1), (HOURS, 0.4)],
    ids=["one hour", "one hour of short visits", "five hours of short visits"],
)
def test_at_a_low_event_rate_browsers_have_several_sessions(
    marketplace: Marketplace, settings: GeneratorSettings, share: float
) -> None:
    sessions = sessions_by_browser(true_visits(settings, marketplace)[1])
    assert sum(len(each) > 1 for each in sessions.values()) > share * len(sessions) > 10


def test_with_few_visits_at_a_time_a_pause_is_between_visits_and_not_within_one(marketplace: Marketplace) -> None:
    _, visits = true_visits(HOURS, marketplace)
    divided = sum(len(each) > 1 for visit in visits for each in sessions_by_browser([visit]).values())
    # Those are visits with an event that was buffered on the device for long.
    assert divided < 0.03 * len(visits)
    assert sum(len(each) > 1 for each in sessions_by_browser(visits).values()) > 3 * divided
