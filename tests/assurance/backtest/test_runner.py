"""The runner puts the pure parts together as the job does, and its memory does not grow for ever."""

from hypothesis import given
from hypothesis import strategies as st

from assurance.reconciliation.security.history import VerdictHistory
from contracts.fixed_topics import DAY_MS
from contracts.security.labels import SCHEMA, Finding, Label
from contracts.security.verdicts import Decision
from core.risk.kept_states import KeptStates
from core.risk.observation import subject_key_of
from core.risk.runner import Runner
from core.risk.security_event import SecurityEvent
from tests.assurance.backtest.security_samples import AT, rules, sign_in


def finals(runner: Runner, events: list[SecurityEvent]) -> dict[str, Decision]:
    history = VerdictHistory()
    history.add_all(runner.run(events))
    return {key.event_id: judged.decision for key, judged in history.events.items()}


def test_below_the_threshold_nothing_happens_and_at_it_every_event_of_the_window_is_challenged() -> None:
    events = [sign_in(number) for number in range(5)]
    assert set(finals(Runner(rules()), events[:4]).values()) == {"allow"}
    assert finals(Runner(rules()), events) == {event.event_id: "challenge" for event in events}


@given(st.permutations([*(sign_in(number) for number in range(6)), sign_in(0), sign_in(9, address="203.0.113.9")]))
def test_order_and_repetition_do_not_matter(events: list[SecurityEvent]) -> None:
    found = finals(Runner(rules()), events)
    assert found == {f"event-{number:04}": "challenge" if number < 6 else "allow" for number in (0, 1, 2, 3, 4, 5, 9)}


def test_what_is_not_judged_has_no_verdict() -> None:
    view = SecurityEvent(event_id="event-view", event_name="page_view", collector_tstamp=AT, user_id="u")
    assert Runner(rules()).add(view) == []


def test_a_false_alarm_is_allowed_and_erasure_leaves_no_state() -> None:
    runner = Runner(rules())
    list(runner.run(sign_in(number) for number in range(5)))

    def label(finding: Finding, event_id: str | None) -> Label:
        return Label(
            schema=SCHEMA,
            label_id=finding,
            finding=finding,
            subject_kind="user",
            subject_id="u0003",
            event_id=event_id,
            labelled_tstamp=AT + DAY_MS,
            source="test",
        )

    done = runner.add_label(label("false_positive", "event-0003"))
    assert [verdict.decision for verdict in done.verdicts if verdict.mode == "live"] == ["allow"]
    assert [(each.rule, each.was_right) for each in done.outcomes] == [("stuffing", False)]
    assert subject_key_of("user", "u0003") in set(runner.subjects)
    assert runner.add_label(label("erase", None)).is_erased
    assert subject_key_of("user", "u0003") not in set(runner.subjects)


def test_idle_keys_are_forgotten() -> None:
    runner = Runner(rules(), idle_ms=DAY_MS)
    for number in range(3_000):
        runner.add(sign_in(number, address=f"198.51.{number // 250}.{number % 250}"))
    minutes_a_day = 24 * 60
    assert minutes_a_day - 1 <= len(runner.subjects) <= minutes_a_day + 1
    assert len(runner.facets) <= 2 * (minutes_a_day + 1)


def test_an_event_that_comes_late_does_not_forget_itself() -> None:
    kept: KeptStates[list[int]] = KeptStates(list, 100)
    kept.use("new", 1_000).append(1)
    kept.use("late", 10).append(2)
    assert kept.get("late") == [2]
    assert kept.get("new") == [1]
    kept.use("later", 1_200)
    assert list(kept) == ["later"]
