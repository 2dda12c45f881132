"""Which rules are in effect: those of the files, with the changes from the topic that can be used. Pure.

The newest change of a rule counts. One that cannot be used is refused as a whole, and what was in effect stays. It is
tried again when another rule changes: it may name a rule that comes after it.
"""

from collections.abc import Callable, Iterable, Mapping

from contracts.security.rule_changes import RuleChange
from core.risk.rules.changes import Removal, read_change
from core.risk.rules.model import RuleProblem
from core.risk.rules.rule_set import RuleSet
from core.risk.stored_state import StoredRules

Load = Callable[[Mapping[str, str], Mapping[str, RuleChange]], RuleSet | tuple[RuleProblem, ...]]


class WrongRulesError(Exception):
    """The files themselves cannot be used. A line for each problem."""


class EffectiveRules:
    def __init__(self, files: Mapping[str, str], load: Load) -> None:
        """:raises WrongRulesError: see above."""
        self._files, self._load = files, load
        self._accepted: dict[str, tuple[RuleChange, bytes]] = {}
        self._waiting: dict[str, tuple[RuleChange, bytes] | None] = {}
        self.refused: dict[str, str] = {}
        """Rule → why its newest change is not in effect; without anything of the change."""
        loaded = load(files, {})
        if isinstance(loaded, tuple):
            raise WrongRulesError("\n".join(map(str, loaded)))
        self.rule_set = loaded

    def take(self, records: Iterable[tuple[bytes | None, bytes | None]]) -> bool:
        """Keys and values of the topic, in order. Returns whether other rules are in effect now."""
        before = self.rule_set
        for key, value in records:
            self._note(key, value)
        self._try_all()
        return self.rule_set is not before

    def stored(self, written_ms: int) -> StoredRules:
        """For those who must judge by the same rules."""
        changes = {name: value for name, (_, value) in self._accepted.items()}
        return StoredRules(self.rule_set.version, written_ms, dict(self._files), changes)

    def _note(self, key: bytes | None, value: bytes | None) -> None:
        change = read_change(key, value)
        if isinstance(change, RuleProblem):
            name = (key or b"").decode("ascii", "replace")[:64]
            self.refused[name] = "unreadable"
            return
        self._waiting[change.name] = None if isinstance(change, Removal) else (change, value or b"")

    def _try_all(self) -> None:
        if not self._waiting or self._accept(self._waiting):
            return
        went_on = True
        while went_on:
            went_on = any([self._accept({name: self._waiting[name]}) for name in sorted(self._waiting)])

    def _accept(self, changes: Mapping[str, tuple[RuleChange, bytes] | None]) -> bool:
        """All of them or none."""
        tried = {**self._accepted, **changes}
        accepted = {name: change for name, change in tried.items() if change is not None}
        loaded = self._load(self._files, {name: change for name, (change, _) in accepted.items()})
        if isinstance(loaded, tuple):
            if len(changes) == 1:
                (name,) = changes
                self.refused[name] = "; ".join(dict.fromkeys(str(problem) for problem in loaded))[:500]
            return False
        self._accepted = accepted
        for name in list(changes):
            self._waiting.pop(name, None)
            self.refused.pop(name, None)
        if loaded.version != self.rule_set.version:
            self.rule_set = loaded
        return True
