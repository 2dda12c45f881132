"""The rule sets that a process knows."""

import threading
import time

from applications.account_security.rules.rule_sets import RuleSets
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from tests.applications.account_security.rule_files import FILES


def _rules(number: int) -> RuleSet:
    files = {**FILES, "cracking.yml": FILES["cracking.yml"].replace("{gte: 5}", f"{{gte: {number}}}")}
    loaded = load_rules(files)
    assert isinstance(loaded, RuleSet)
    return loaded


def test_the_last_eight_are_known() -> None:
    made = [_rules(number) for number in range(5, 15)]
    sets = RuleSets(made[0])
    for each in made[1:]:
        sets.put(each)
    assert sets.current is made[-1]
    assert [sets.of(each.version, 0) for each in made] == [None, None, *made[2:]]


def test_one_that_is_under_way_is_waited_for() -> None:
    first, second = _rules(5), _rules(6)
    sets = RuleSets(first)
    began = time.monotonic()
    assert sets.of("never", 0.1) is None
    assert 0.1 <= time.monotonic() - began < 2
    later = threading.Timer(0.2, sets.put, [second])
    later.start()
    assert sets.of(second.version, 10) is second
    later.join()
    assert time.monotonic() - began < 5


def test_one_that_never_comes_costs_its_wait_once() -> None:
    sets = RuleSets(_rules(5))
    began = time.monotonic()
    assert [sets.of("never", 0.5) for _ in range(1_000)] == [None] * 1_000
    assert 0.5 <= time.monotonic() - began < 1.5
    late = _rules(6)
    assert sets.of(late.version, 0.1) is None
    sets.put(late)
    assert sets.of(late.version, 0.1) is late
