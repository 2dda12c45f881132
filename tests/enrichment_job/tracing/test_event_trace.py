"""The context in an event's body: found, or not there, or nonsense, and never a fault of the event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.raw import MAX_BYTES
from core.flat_event import FlatEvent
from core.flatten import flatten
from enrichment_job.tracing.event_trace import event_trace
from producers.delivery.traces import with_context
from tests.core.samples import raw

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_span_of_an_event_is_its_senders_child() -> None:
    trace = event_trace(raw({"traceparent": SAMPLED}), 1)
    assert trace is not None
    assert f"{trace.parent.span_id:016x}" == "b7ad6b7169203331"
    assert f"{trace.own.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert trace.own.span_id not in (0, trace.parent.span_id)


def test_all_who_see_the_record_name_the_same_span_and_each_record_has_its_own() -> None:
    first, second = raw({"traceparent": SAMPLED}), raw({"traceparent": SAMPLED, "event_name": "search"})
    ids = [
        trace.own.span_id
        for value, at in ((first, 1), (first, 1), (first, 2), (second, 1))
        if (trace := event_trace(value, at))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    "value",
    [
        raw(),
        raw({"traceparent": SAMPLED[:-1] + "0"}),
        raw({"traceparent": "00-x"}),
        raw({"traceparent": 7}),
        raw({"traceparent": None}),
        raw({"attributes": {"traceparent": SAMPLED}}),
        b'{"traceparent":"' + SAMPLED.encode(),
        b'"traceparent"\xff',
        b'[{"traceparent":' + b"[" * 5_000,
    ],
)
def test_what_is_no_sampled_context_makes_no_trace(value: bytes) -> None:
    assert event_trace(value, 1) is None


@pytest.mark.parametrize("context", [SAMPLED, "nonsense", 7, {"a": [1]}])
def test_no_context_makes_a_sound_event_fail_or_changes_it(context: object) -> None:
    found, without = flatten(raw({"traceparent": context}), 1, 2), flatten(raw(), 1, 2)
    assert isinstance(found, FlatEvent)
    assert isinstance(without, FlatEvent)
    assert found.fields == without.fields


def test_the_producers_way_to_put_it_in_is_what_is_read() -> None:
    value = with_context(raw(), SAMPLED.encode())
    assert event_trace(value, 1) is not None
    assert isinstance(flatten(value, 1, 2), FlatEvent)


@pytest.mark.parametrize(
    "value", [b"", b"{", b"{}", b"{ }", b"[1]", b"\xff", b"x{", b'{"a":"' + b"x" * MAX_BYTES + b'"}']
)
def test_what_takes_no_context_stays_as_it_is(value: bytes) -> None:
    assert with_context(value, SAMPLED.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(tail: bytes) -> None:
    event_trace(b'{"traceparent":' + tail, 1)
