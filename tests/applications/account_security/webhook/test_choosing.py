"""A verdict is sent if it asks for enough, and once with a cool-down for each subject and abuse type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.account_security.webhook.choosing import Choice, Chooser
from contracts.security.verdicts import Decision
from tests.applications.account_security.webhook.verdicts import verdict

HOUR = 3_600_000
AT = 1_700_000_000_000
NOW = AT + 1000 * HOUR


def chooser(lightest: Decision = "challenge") -> Chooser:
    return Chooser(lightest=lightest, cool_down_ms=HOUR)


@pytest.mark.parametrize(
    ("decision", "lightest", "choice"),
    [
        ("allow", "challenge", "decision"),
        ("challenge", "challenge", "send"),
        ("deny", "challenge", "send"),
        ("challenge", "deny", "decision"),
        ("deny", "deny", "send"),
    ],
)
def test_a_light_decision_is_not_sent(decision: Decision, lightest: Decision, choice: Choice) -> None:
    assert chooser(lightest).choose(verdict(decision=decision), NOW) == choice


def test_nobody_acts_on_a_shadow_verdict() -> None:
    found = chooser()
    assert found.choose(verdict(mode="shadow"), NOW) == "shadow"
    assert found.choose(verdict(), NOW) == "send"


@pytest.mark.parametrize(("after", "choice"), [(0, "cool_down"), (HOUR - 1, "cool_down"), (HOUR, "send")])
def test_the_cool_down_ends(after: int, choice: Choice) -> None:
    found = chooser()
    assert found.choose(verdict(at=AT), NOW) == "send"
    assert found.choose(verdict("v2", at=AT + after), NOW) == choice


def test_a_late_verdict_belongs_to_the_one_that_was_sent() -> None:
    found = chooser()
    assert found.choose(verdict(at=AT), NOW) == "send"
    assert found.choose(verdict("v2", at=AT - 5 * HOUR), NOW) == "cool_down"


def test_other_subjects_and_abuse_types_have_cool_downs_of_their_own() -> None:
    found = chooser()
    assert [found.choose(each, NOW) for each in (verdict(), verdict(subject="u2"), verdict(abuse="bot"))] == [
        "send"
    ] * 3


def test_a_heavier_decision_does_not_wait() -> None:
    found = chooser()
    decisions: list[Decision] = ["challenge", "challenge", "deny", "challenge", "deny"]
    chosen = [found.choose(verdict(decision=decision), NOW) for decision in decisions]
    assert chosen == ["send", "cool_down", "send", "cool_down", "cool_down"]


def test_a_time_in_the_future_counts_as_now() -> None:
    found = chooser()
    assert found.choose(verdict(at=AT + 9000 * HOUR), AT) == "send"
    assert found.choose(verdict("v2", at=AT + 1), AT + 1) == "cool_down"
    assert found.choose(verdict("v3", at=AT + HOUR), AT + HOUR) == "send"


def test_a_time_in_the_future_ends_no_cool_down_of_others() -> None:
    found = chooser()
    for number in range(9_999):
        found.choose(verdict(subject=f"u{number}", at=AT), AT)
    found.choose(verdict(subject="u10000", at=AT + 9000 * HOUR), AT)
    assert found.choose(verdict(subject="u0", at=AT + 1), AT + 1) == "cool_down"


def test_what_has_cooled_down_is_forgotten() -> None:
    found = chooser()
    for number in range(40_000):
        found.choose(verdict(subject=f"u{number}", at=AT + number * 1000), NOW)
    assert len(found) < 20_000
    assert found.choose(verdict(subject="u39999", at=AT + 40_000_000), NOW) == "cool_down"


@given(
    st.lists(
        st.tuples(st.sampled_from(["u1", "u2"]), st.integers(0, 5 * HOUR), st.sampled_from(["challenge", "deny"])),
        max_size=30,
    )
)
def test_reading_the_same_verdicts_again_sends_none(made: list[tuple[str, int, Decision]]) -> None:
    verdicts = [verdict(subject=subject, at=AT + at, decision=decision) for subject, at, decision in made]
    newest = {subject: max(at for name, at, _ in made if name == subject) for subject, _, _ in made}
    found = chooser()
    for each in verdicts:
        found.choose(each, NOW)
    # What was read lately, at most one cool-down before the newest: what a restart reads again.
    again = [each for each in verdicts if each.decided_tstamp <= AT + newest[each.subject_id]]
    sent = [each for each in again if found.choose(each, NOW) == "send"]
    assert all(each.decision == "deny" or each.decided_tstamp >= AT + HOUR for each in sent)
