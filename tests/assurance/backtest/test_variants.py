"""The shipped rules on forms of attacks, and of innocent behaviour, that the generator does not make."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from assurance.reconciliation.security.history import Judged, VerdictHistory
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.runner import Runner
from core.risk.security_event import SecurityEvent
from deploy.security.rule_files import SHIPPED, read_rule_files
from tests.assurance.backtest.people import ABROAD, DAY, NOW, browser, home, past, success
from tests.assurance.backtest.scene import Scene
from tests.assurance.backtest.scenes_from_sources import (
    AMONG_ATTACKS,
    ATTACKS_OF_SOURCES,
    INNOCENTS_AT_SOURCES,
    locked_out,
)
from tests.assurance.backtest.scenes_of_attacks import ATTACKS
from tests.assurance.backtest.scenes_of_innocents import INNOCENTS

_loaded = load_rules(read_rule_files(SHIPPED))
assert isinstance(_loaded, RuleSet), _loaded
RULES = _loaded


def _judged(scene: Scene) -> dict[str, Judged]:
    history = VerdictHistory()
    history.add_all(Runner(RULES).run(sorted(scene.events, key=lambda each: each.collector_tstamp)))
    return {key.event_id: judged for key, judged in history.events.items()}


def _told(events: Iterable[SecurityEvent], judged: Mapping[str, Judged]) -> str:
    """A line for each: what it is, when, and why it was judged like that."""
    lines = []
    for each in events:
        verdict = judged[each.event_id].final
        reasons = ", ".join(f"{reason.code} {reason.weight}" for reason in verdict.reasons)
        minute = (each.collector_tstamp - NOW) / 60_000
        lines.append(f"{each.event_name} of {each.user_id}, minute {minute:.1f}: {verdict.decision}, {reasons}")
    return "\n".join(lines)


@pytest.mark.parametrize("attack", [*ATTACKS, *ATTACKS_OF_SOURCES], ids=lambda each: each.__name__)
def test_an_attack_is_stopped_and_its_victims_past_is_not(attack: Callable[[], Scene]) -> None:
    scene = attack()
    judged = _judged(scene)

    passed = [each for each in scene.stopped if judged[each.event_id].decision == "allow"]
    before = [each for each in scene.events if each.collector_tstamp < NOW - DAY]
    disturbed = [each for each in before if judged[each.event_id].acted_at is not None]
    assert scene.stopped
    assert _told(passed + disturbed, judged) == ""


@pytest.mark.parametrize("innocent", [*INNOCENTS, *INNOCENTS_AT_SOURCES], ids=lambda each: each.__name__)
def test_nothing_of_an_innocent_scene_is_challenged(innocent: Callable[[], Scene]) -> None:
    scene = innocent()
    judged = _judged(scene)

    disturbed = [each for each in scene.events if judged[each.event_id].acted_at is not None]
    assert _told(disturbed, judged) == ""


@pytest.mark.parametrize("scene_of", AMONG_ATTACKS, ids=lambda each: each.__name__)
def test_people_among_an_attack_are_allowed(scene_of: Callable[[], Scene]) -> None:
    scene = scene_of()
    judged = _judged(scene)

    disturbed = [each for each in scene.allowed if judged[each.event_id].acted_at is not None]
    assert scene.allowed
    assert _told(disturbed, judged) == ""


def test_nobody_can_lock_an_owner_out() -> None:
    scene = locked_out()
    judged = _judged(scene)

    [entry] = scene.allowed
    assert judged[entry.event_id].decision == "challenge", _told([entry], judged)


def test_a_new_telephone_abroad_is_challenged_but_not_denied() -> None:
    """A stolen password is used like that: nothing that an event says tells the two apart."""
    entry = success(0, {**ABROAD, **browser("new-phone", "Mozilla/5.0 (iPhone) Safari/605")}, "u1")

    judged = _judged(Scene([*past("u1", home(1)), entry]))

    assert judged[entry.event_id].decision == "challenge", _told([entry], judged)
