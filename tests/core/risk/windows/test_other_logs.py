"""A subject's log has hits that its facets found: they come and go between two passes over the log."""

from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from core.risk.observation import Hit, Observation
from core.risk.windows.evaluation import Evaluation
from tests.core.risk.windows.rules_of import Entry, hits_by_definition, key_of, observation, window_rule

RULES = (
    window_rule("twice", ["attack"], ["user_id"], 10, holds=lambda window: window.count() == 2),
    window_rule("after", ["attack", "succeeded"], ["user_id"], 20, kind="temporal_ordered"),
    window_rule("all", ["twice", "attack", "succeeded"], ["user_id"], 15, kind="temporal"),
)
MAY_HIT = frozenset({"attack", *(rule.rule.name for rule in RULES)})


def evaluate(log: list[Entry], changed_at: int) -> list[Entry]:
    evaluation = Evaluation(log, RULES, MAY_HIT)
    for end in range(evaluation.begin(changed_at), len(log)):
        for rule in RULES:
            evaluation.end_window(end, rule)
    return evaluation.changed()


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Observation], list[tuple[int, int | None]]]:
    """Events, and which of them gets the facet's hit, how long after the event; None: the hit is taken back."""
    one = st.tuples(st.integers(0, 30), st.sampled_from([(), ("succeeded",)]))
    drawn = sorted(draw(st.lists(one, min_size=2, max_size=10)))
    events = [observation(f"e{place:02}", *each, values={"user_id": 1}) for place, each in enumerate(drawn)]
    change = st.tuples(st.integers(0, len(events) - 1), st.none() | st.integers(0, 10))
    return events, draw(st.lists(change, max_size=12))


@given(changes())
@settings(deadline=None, max_examples=300)
def test_hits_of_other_logs_that_change(drawn: tuple[list[Observation], list[tuple[int, int | None]]]) -> None:
    events, steps = drawn
    log = [Entry(each) for each in events]
    evaluate(log, 0)
    for place, after in steps:
        entry = log[place]
        old = entry.hits.pop("attack", None)
        new = None if after is None else Hit("attack", entry.observed.at + after)
        if new:
            entry.hits["attack"] = new
        before = {key_of(each.observed): dict(each.hits) for each in log}
        changed = evaluate(log, min([hit.since for hit in (old, new) if hit], default=31)) if old != new else []
        found = {key_of(each.observed): {"attack": each.hits["attack"]} for each in log if "attack" in each.hits}
        assert {key_of(each.observed): each.hits for each in log} == hits_by_definition(events, RULES, found)
        assert {key_of(each.observed) for each in changed} == {
            key_of(each.observed) for each in log if each.hits != before[key_of(each.observed)]
        }
        note(f"{len(changed)} changed")


def test_hits_that_an_account_gives_while_its_windows_are_evaluated() -> None:
    [_, after, _] = RULES
    matched: tuple[tuple[str, ...], ...] = ((), (), ("succeeded",))
    log = [
        Entry(observation(f"e{place}", place, each, values={"user_id": 1}))
        for place, each in enumerate(matched, start=1)
    ]
    evaluation = Evaluation(log, RULES, MAY_HIT)
    for end in range(evaluation.begin(1), len(log)):
        if end == 1:
            log[end].hits["attack"] = Hit("attack", log[end].observed.at)
        evaluation.end_window(end, after)
    assert [list(each.hits) for each in log] == [[], ["attack"], ["after"]]
