"""Gives a log's events the hits of the rules that count.

The hits are a function of the events in the log, whatever the order in which they came:

* ``event_count``, ``value_count``: if the rule holds for a window, every event of the window has the hit, of the
  earliest such window.
* ``temporal``, ``temporal_ordered``: only the event that ends the window has the hit.

Windows end at events that the rule counts; those of its context have no hit. Windows that end before a change are as
they were; the others are evaluated anew, in order, so that a rule which counts another one's hits sees those that were
known by the end of its own window::

    evaluation = Evaluation(log, rules, may_hit)
    for end in range(evaluation.begin(changed_at), len(log)):
        for rule in rules:
            evaluation.end_window(end, rule)
    evaluation.changed()
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Generic

from core.risk.observation import Hit
from core.risk.rules.rule_set import WindowRule
from core.risk.windows.groups import Entry, Groups
from core.risk.windows.window import LogWindow, matches

NOTHING_DROPPED = -(2**63)


class Evaluation(Generic[Entry]):
    """One pass over a log. The log must not get or lose events meanwhile."""

    def __init__(
        self,
        log: Sequence[Entry],
        rules: Sequence[WindowRule],
        may_hit: frozenset[str],
        dropped_at: int = NOTHING_DROPPED,
    ) -> None:
        """:param log: in the order of ``(at, event_id)``.
        :param rules: those whose hits this pass gives.
        :param may_hit: names of all rules whose hits may be in the log: of these rules and of others.
        :param dropped_at: time of the latest event that left the log. Windows that began before are not complete any
            more, so their hits stay as they are.
        """
        self._log = log
        self._rules = {rule.rule.name: rule for rule in rules}
        self._groups = {name: Groups(log, rule, may_hit) for name, rule in self._rules.items()}
        self._dropped_at = dropped_at
        self._before: dict[int, tuple[Entry, dict[str, Hit]]] = {}
        self._names: set[str] | None = None
        """Of rules that events of the log match, or have matched; None until it is asked for."""

    def begin(self, changed_at: int) -> int:
        """Forgets what the windows gave that end at a time or later.

        :param changed_at: time of the new event; for a hit that another log found or took back, its ``since``.
        :return: place of the first event at which windows must be evaluated anew.
        """
        first = bisect_left(self._log, changed_at, key=lambda each: each.observed.at)
        if first == len(self._log) - 1 and self._rules.keys().isdisjoint(self._log[first].hits):
            # The usual case, a new event at the end: a window that ends with it would have given it a hit.
            return first
        for entry in self._log:
            if entry.hits:
                for name in [name for name, hit in entry.hits.items() if self._is_to_forget(name, hit, changed_at)]:
                    self._remember(entry)
                    del entry.hits[name]
        return first

    def end_window(self, end: int, rule: WindowRule) -> None:
        """Evaluates the rule's window that ends with the event at a place. Call it in ascending order of places."""
        name, correlation = rule.rule.name, rule.rule.correlation
        if correlation is None:
            raise ValueError(f"{name} has no correlation")
        last = self._log[end]
        at = last.observed.at
        if correlation.type == "temporal_ordered" and not matches(last, correlation.rules[-1], at):
            return
        if correlation.type in ("temporal", "temporal_ordered") and not self._may_match(correlation.rules, last):
            return
        found = self._groups[name].window(end)
        if found is None:
            return
        members, window = found.counted, LogWindow(found.counted, found.all)
        if correlation.type in ("event_count", "value_count"):
            if not rule.holds(window):
                return
        else:
            is_in_window = _in_order if correlation.type == "temporal_ordered" else _all_occur
            if not is_in_window(members, correlation.rules, at):
                return
            members = members[-1:]
        hit = Hit(name, at, rule.measure(window))
        if self._names is not None:
            self._names.add(name)
        for each in members:
            known = each.hits.get(name)
            if known is None or known.since > at:
                self._remember(each)
                each.hits[name] = hit

    def changed(self) -> list[Entry]:
        """Events whose hits are not what they were before this pass."""
        return [entry for entry, hits in self._before.values() if entry.hits != hits]

    def _may_match(self, names: Iterable[str], last: Entry) -> bool:
        """Whether each of the names is one that some event of the log matches by now. Mostly one is not, as there was
        no attack, and then no window is needed.
        """
        known = self._names
        if known is None:
            known = self._names = set()
            known.update(*(each.observed.matched for each in self._log), *(each.hits for each in self._log))
        # Hits that this pass does not give are given to the window's last event before its windows are evaluated.
        known.update(last.hits)
        return known.issuperset(names)

    def _is_to_forget(self, name: str, hit: Hit, changed_at: int) -> bool:
        rule = self._rules.get(name)
        return rule is not None and hit.since >= changed_at and hit.since - rule.timespan_ms >= self._dropped_at

    def _remember(self, entry: Entry) -> None:
        if id(entry) not in self._before:
            self._before[id(entry)] = (entry, dict(entry.hits))


def _all_occur(members: Sequence[Entry], names: Sequence[str], at: int) -> bool:
    return all(any(matches(each, wanted, at) for each in members) for wanted in names)


def _in_order(members: Sequence[Entry], names: Sequence[str], at: int) -> bool:
    """Whether the events match the names one after another, each by an event of its own, the last by the last."""
    wanted = 0
    for each in members[:-1]:
        if wanted < len(names) - 1 and matches(each, names[wanted], at):
            wanted += 1
    return wanted == len(names) - 1
