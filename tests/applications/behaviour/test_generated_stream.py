"""Sessions of generated streams: against the plain reference, and against what the generator knows of its visits."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from applications.behaviour.events.behaviour_event import logged, read_event
from contracts.sessions.records import SessionRecord
from core.flat_event import BadRow
from core.flatten import flatten
from producers.record import Record
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings, generate
from producers.synthetic.marketplace import build_marketplace
from producers.synthetic.true_visits import TrueEvent, TrueVisits
from tests.applications.behaviour.keys_in_memory import Keys
from tests.applications.behaviour.reference import IDLE, reference
from tests.applications.behaviour.visitors_of import T, final
from tests.integration.behaviour_events import visits

pytestmark = pytest.mark.slow
HOUR = 3_600_000
_FIELDS = (
    *("event_id", "event_name", "collector_tstamp", "derived_tstamp", "user_id", "domain_userid", "domain_sessionid"),
    *("page_url", "price", "currency", "quantity"),
)


def test_a_hundred_thousand_events_in_order_have_the_sessions_of_the_reference() -> None:
    keys, by_visitor = Keys(), defaultdict(list)
    for made in sorted(
        visits(100_000, 2_000, T, seed=5, span_ms=40 * HOUR),
        key=lambda event: (event["derived_tstamp"], event["event_id"]),
    ):
        value = msgspec.json.encode(made)
        keys.receive(made["domain_userid"], value)
        by_visitor[made["domain_userid"]].append(logged(read_event(value)))
    keys.deliver()
    keys.move(48 * HOUR)
    assert keys.counts["events_sessionized"] + keys.counts["events_repeated"] == 100_000
    found = {each.id: each for each in final(keys.sessions())}
    expected = {
        each.id: each for browser, events in by_visitor.items() for each in reference("browser", browser, events)
    }
    assert len(expected) > 10_000
    assert found == expected


def test_sessions_are_what_the_generator_knows_of_its_visits() -> None:
    settings = GeneratorSettings(start_ms=T, events=8_000, event_rate=1.0, active_visits=20, users=500, listings=500)
    settings = replace(settings, defect_rates=replace(DefectRates(), late=0))
    truth = TrueVisits()
    marketplace = build_marketplace(settings.seed, settings.users, settings.listings)
    keys = Keys()
    for record in generate(settings, marketplace, truth.add):
        _receive(keys, record)
    keys.deliver()
    keys.move(48 * HOUR)
    newest: dict[str, SessionRecord] = {each.session_id: each for each in keys.sessions()}
    found = sorted(
        (each.visitor_id, each.start_tstamp, each.end_tstamp, each.events, _amount(each))
        for each in newest.values()
        if each.kind != "superseded"
    )
    expected = sorted(
        (browser, session[0].tstamp, session[-1].tstamp, len(session), sum(event.amount for event in session))
        for browser, events in _by_browser(truth).items()
        for session in _sessions(events)
    )
    assert len(expected) > 400
    assert found == expected


def _amount(session: SessionRecord) -> int:
    """Of the orders in all currencies, in thousandths."""
    values = session.order_values or {"": session.order_value}
    return sum(round(value * 1000) for value in values.values())


def _receive(keys: Keys, record: Record) -> None:
    """As the enrichment and the policy make it of the raw record."""
    event = flatten(record.value, record.timestamp_ms, record.timestamp_ms)
    if isinstance(event, BadRow) or event.fields.consent is False or event.fields.domain_userid is None:
        return
    values = {name: getattr(event.fields, name) for name in _FIELDS}
    fields = {name: value for name, value in values.items() if value is not None}
    keys.receive(event.fields.domain_userid, msgspec.json.encode(fields))


def _by_browser(truth: TrueVisits) -> dict[str, list[TrueEvent]]:
    found = defaultdict[str, list[TrueEvent]](list)
    for visit in truth.all():
        if visit.domain_userid is not None:
            found[visit.domain_userid] += [event for event in visit.events if not event.refuses]
    return {browser: sorted(events, key=lambda event: event.tstamp) for browser, events in found.items() if events}


def _sessions(events: list[TrueEvent]) -> list[list[TrueEvent]]:
    found = [[events[0]]]
    for earlier, later in pairwise(events):
        if later.tstamp - earlier.tstamp > IDLE:
            found.append([])
        found[-1].append(later)
    return found
