"""The ledger of sessions finds what is missing, doubled or wrong."""

from typing import Any

import msgspec
import pytest

from assurance.reconciliation.sessions.balance import balance_sessions
from assurance.reconciliation.sessions.outputs import SessionOutputs
from contracts.fixed_topics import SESSIONIZED, SESSIONS, SESSIONS_LATE
from contracts.topics import BEHAVIOUR_EVENTS

T = 1_790_000_000_000


def event(number: int, **fields: object) -> bytes:
    return msgspec.json.encode(
        {"event_id": f"event-{number}", "event_name": "page_view", "domain_userid": "b", **fields}
    )


def record(version: int = 1, **fields: object) -> bytes:
    found: dict[str, Any] = {
        "schema": "clickstream.session/1",
        "session_id": "s",
        "version": version,
        "kind": "start",
        "visitor_id": "b",
        "visitor_kind": "browser",
        "session_index": 1,
        "start_tstamp": T,
        "end_tstamp": T,
        "is_ended": False,
    }
    return msgspec.json.encode(found | fields)


def one_session() -> list[tuple[str, bytes]]:
    """Three events, of which one is repeated and one late, and one without a visitor."""
    totals = {"event_counts": {"page_view": 2}, "events": 2, "page_views": 2, "is_engaged": True, "duration_ms": 5_000}
    return [
        *((BEHAVIOUR_EVENTS.name, event(number)) for number in (1, 2, 2, 3)),
        (BEHAVIOUR_EVENTS.name, event(4, domain_userid=None)),
        *((SESSIONIZED.name, event(number)) for number in (1, 2)),
        (SESSIONIZED.name, event(2, session_is_repeated=True)),
        (SESSIONS_LATE.name, event(3)),
        (
            SESSIONS.name,
            record(
                event_counts={"page_view": 1},
                events=1,
                page_views=1,
                is_bounce=True,
                entry_page="/a",
                delta_sessions=1,
                delta_events=1,
                delta_page_views=1,
                delta_bounces=1,
            ),
        ),
        (
            SESSIONS.name,
            record(
                2,
                kind="end",
                is_ended=True,
                entry_page="/a",
                **totals,
                delta_events=1,
                delta_page_views=1,
                delta_engaged=1,
                delta_bounces=-1,
                delta_duration_ms=5_000,
            ),
        ),
    ]


def outputs(records: list[tuple[str, bytes]]) -> SessionOutputs:
    found = SessionOutputs()
    for topic, value in records:
        found.add(topic, value)
    return found


def test_each_event_in_one_session_is_balanced() -> None:
    found = balance_sessions(outputs(one_session()))
    assert found.balanced, found.faults
    assert (found.events, found.repeated, found.late, found.without_visitor) == (4, 1, 1, 1)
    assert (found.sessions, found.ended, found.engaged_share, found.bounce_share) == (1, 1, 1.0, 0.0)
    assert (found.duration_p50_ms, found.entry_pages) == (5_000, {"/a": 1})


def test_nothing_at_all_is_balanced() -> None:
    found = balance_sessions(SessionOutputs())
    assert (found.balanced, found.sessions, found.engaged_share) == (True, 0, 0.0)


@pytest.mark.parametrize(
    ("left_out", "fault"),
    [
        (5, "1 events that were read are neither in a session nor late"),
        (1, "1 stamped or late events were not read, or not so often"),
        (8, "1 events that were read are neither in a session nor late"),
        (9, "1 sessions have a version twice, or lack one"),
        (10, "events: 1 in sessions, 2 stamped"),
    ],
)
def test_a_record_that_is_not_there_is_a_fault(left_out: int, fault: str) -> None:
    records = one_session()
    del records[left_out]
    found = balance_sessions(outputs(records))
    assert not found.balanced
    assert fault in found.faults


@pytest.mark.parametrize("doubled", [5, 8, 9, 10])
def test_a_record_that_is_there_twice_is_a_fault(doubled: int) -> None:
    records = one_session()
    found = balance_sessions(outputs([*records, records[doubled]]))
    assert not found.balanced


def test_a_superseded_session_counts_nothing_and_its_successor_must_be_there() -> None:
    records = one_session()
    gone = record(session_id="gone", delta_sessions=1, delta_events=1, delta_bounces=1)
    over = record(2, session_id="gone", kind="superseded", superseded_by="s", is_ended=True)
    over = msgspec.json.encode(
        msgspec.json.decode(over) | {"delta_sessions": -1, "delta_events": -1, "delta_bounces": -1}
    )
    found = balance_sessions(outputs([*records, (SESSIONS.name, gone), (SESSIONS.name, over)]))
    assert (found.balanced, found.sessions, found.superseded) == (True, 1, 1), found.faults
    lost = msgspec.json.encode(msgspec.json.decode(over) | {"superseded_by": "nowhere"})
    found = balance_sessions(outputs([*records, (SESSIONS.name, gone), (SESSIONS.name, lost)]))
    assert found.faults == ["1 sessions became part of one that there is not"]
