"""The rule sets that a process knows by their versions: the one in effect, and the last ones before it."""

import threading
import time

from core.risk.rules.rule_set import RuleSet

_KEPT = 8
_WAITED_FOR = 64


class RuleSets:
    """Read by the operators' threads, written by the follower's."""

    def __init__(self, first: RuleSet) -> None:
        self._changed = threading.Condition()
        self._known = {first.version: first}
        self._until: dict[str, float] = {}
        """Version that nobody knew → when the wait for it ends; the last ones."""
        self.current = first

    def put(self, rules: RuleSet) -> None:
        with self._changed:
            known = {version: each for version, each in self._known.items() if version != rules.version}
            known[rules.version] = rules
            for version in list(known)[:-_KEPT]:
                del known[version]
            self._until.pop(rules.version, None)
            self._known, self.current = known, rules
            self._changed.notify_all()

    def of(self, version: str, wait_s: float) -> RuleSet | None:
        """The set that an event was observed with. Another process may know it a moment earlier than this one.

        A version is waited for once: of ten thousand events that came with one that this process will never know, such
        as events from before a restart with other files, only the first costs the time.

        :return: None if it did not come within ``wait_s`` of the first question.
        """
        found = self._known.get(version)
        if found is not None or wait_s <= 0:
            return found
        with self._changed:
            until = self._until.setdefault(version, time.monotonic() + wait_s)
            for old in list(self._until)[:-_WAITED_FOR]:
                del self._until[old]
            while (found := self._known.get(version)) is None and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
        return found
