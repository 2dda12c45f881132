"""What the live view counts, and what it shows of it."""

import msgspec
from rich.console import Console

from assurance.live.frame import frame
from assurance.live.tally import LiveCounts
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


def _tally() -> LiveCounts:
    tally = LiveCounts(T0 - 4)
    for age in (10, 20, 1_000):
        tally.add(ANALYTICS.name, _enriched(age, geo_country="DE", user_agent_is_crawler=False), T0)
    tally.add(ANALYTICS.name, _enriched(30, user_agent_is_crawler=True), T0)
    tally.add(LATE.name, b"{}", T0)
    tally.add(FAILED.name, _failed(_WRONG), T0)
    tally.add(SUPPRESSED.name, b"{}", T0)
    tally.add(ANALYTICS.name, b"\xff", T0)
    # The same event for somebody else: one country, one crawler less to count.
    tally.add(PERSONALIZATION.name, _enriched(10, geo_country="DE"), T0)
    return tally


def test_counts_rates_and_latency() -> None:
    tally = _tally()
    assert tally.counts == {"analytics": 4, "personalization": 1, "late": 1, "failed": 2, "suppressed": 1}
    assert tally.countries == {"DE": 3, "unknown": 1}
    assert tally.crawler_share() == 0.25
    assert tally.latency_ms(0.5) == 20
    assert tally.latency_ms(0.99) == 1_000
    assert tally.reasons == {"schema actor.user_id": 1, "unreadable": 1}
    # Five seconds since the start, and only whole seconds count.
    assert tally.rate("analytics", T0 + 1) == 4 / 5
    assert tally.rate("analytics", T0 + 60) == 0


def test_the_frame_shows_it_and_no_payload() -> None:
    console = Console(width=120, record=True, file=None)
    with console.capture() as captured:
        console.print(frame(_tally(), T0 + 1))
    shown = captured.get()
    for said in ("4 in all", "DE", "25.0% of events", "validate: schema actor.user_id: expected [str], got int"):
        assert said in shown, shown
    assert "secret-payload" not in shown


def test_an_empty_frame_can_be_shown() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(frame(LiveCounts(T0), T0))
    assert "by purpose and outcome" in captured.get()
