"""What the live view counts and shows."""

import msgspec
from rich.console import Console

from assurance.live.frame import frame
from assurance.live.live_counts import LiveCounts
from contracts.events.rejected import FAILED_SCHEMA, FailedEvent, Failure, Payload, Processor
from contracts.topics import ANALYTICS, FAILED, LATE, PERSONALIZATION, SUPPRESSED

T0 = 1_700_000_000.0

_WRONG = Failure(type="schema", stage="validate", message="expected [str], got int", field="actor.user_id")


def _enriched(age_ms: int, **fields: str | bool) -> bytes:
    return msgspec.json.encode({"event_id": "e", "collector_tstamp": int(T0 * 1000) - age_ms, **fields})


def _failed(failure: Failure) -> bytes:
    return msgspec.json.encode(
        FailedEvent(
            schema=FAILED_SCHEMA,
            failure=failure,
            payload=Payload(sha256="00", size=1, envelope="k.secret-payload"),
            processor=Processor(name="p", version="1"),
            collector_tstamp=0,
            etl_tstamp=0,
        )
    )


def _counts() -> LiveCounts:
    counts = LiveCounts(T0 - 4)
    for age in (10, 20, 1_000):
        counts.add(ANALYTICS.name, _enriched(age, geo_country="DE", user_agent_is_crawler=False), T0)
    counts.add(ANALYTICS.name, _enriched(30, user_agent_is_crawler=True), T0)
    counts.add(LATE.name, b"{}", T0)
    counts.add(FAILED.name, _failed(_WRONG), T0)
    counts.add(SUPPRESSED.name, b"{}", T0)
    counts.add(ANALYTICS.name, b"\xff", T0)
    # The same event for another purpose: its country and crawler are not counted again.
    counts.add(PERSONALIZATION.name, _enriched(10, geo_country="DE"), T0)
    return counts


def test_counts_rates_and_latency() -> None:
    counts = _counts()
    assert counts.counts == {"analytics": 4, "personalization": 1, "late": 1, "failed": 2, "suppressed": 1}
    assert counts.countries == {"DE": 3, "unknown": 1}
    assert counts.crawler_share() == 0.25
    assert counts.latency_ms(0.5) == 20
    assert counts.latency_ms(0.99) == 1_000
    assert counts.reasons == {"schema actor.user_id": 1, "unreadable": 1}
    # Five seconds since the start; only complete seconds count.
    assert counts.rate("analytics", T0 + 1) == 4 / 5
    assert counts.rate("analytics", T0 + 60) == 0


def test_the_frame_shows_the_counts_and_no_payload() -> None:
    console = Console(width=120, record=True, file=None)
    with console.capture() as captured:
        console.print(frame(_counts(), T0 + 1))
    shown = captured.get()
    for text in ("4 in all", "DE", "25.0% of events", "validate: schema actor.user_id: expected [str], got int"):
        assert text in shown, shown
    assert "secret-payload" not in shown


def test_an_empty_frame_can_be_shown() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(frame(LiveCounts(T0), T0))
    assert "by purpose and outcome" in captured.get()
