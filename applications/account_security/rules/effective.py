"""Which rules are in effect: those of the files, with the changes from the topic that can be used. Pure.

The newest change of a rule counts. Where it cannot be used, none does, and the file's rule is in effect: so the rules
are the same after a restart, when the topic may not have the older changes any more.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from contracts.security.rule_changes import RuleChange
from core.risk.rules.changes import Removal, read_change
from core.risk.rules.model import RuleProblem
from core.risk.rules.rule_set import RuleSet
from core.risk.stored_state import LogLimits, StoredRules


class Load(Protocol):
    """:func:`core.risk.rules.load.load_rules`, with its settings."""

    def __call__(
        self, texts: Mapping[str, str], changes: Mapping[str, RuleChange], *, number: int
    ) -> RuleSet | tuple[RuleProblem, ...]: ...


_UNREADABLE = "no change of a rule"
_LONGEST_NAME = 64


class WrongRulesError(Exception):
    """The files themselves cannot be used. A line for each problem."""


class EffectiveRules:
    def __init__(self, files: Mapping[str, str], load: Load) -> None:
        """:raises WrongRulesError: see above."""
        self._files, self._load = files, load
        self._changes: dict[str, tuple[RuleChange, bytes]] = {}
        self._unreadable: dict[str, str] = {}
        self._position = 0
        self.rule_set = self._loaded()

    @property
    def refused(self) -> dict[str, str]:
        """Rule → why its newest change is not in effect; with nothing of the change's content."""
        unfit = {name: f"line {problems[0].line}" for name, problems in self.rule_set.refused.items() if problems}
        return {**unfit, **self._unreadable}

    def take(
        self, records: Iterable[tuple[bytes | None, bytes | None]], *, is_whole: bool = False, position: int = 0
    ) -> bool:
        """Keys and values of the topic, in order. Returns whether anything is different now.

        :param is_whole: these are all that the topic has; what was known before and is not among them is taken back.
        :param position: how far the topic has been read: of two rule sets the one with the higher position is newer.
        """
        self._position = position
        before, refused = self.rule_set.version, self.refused
        is_changed = is_whole and bool(self._changes or self._unreadable)
        if is_whole:
            self._changes, self._unreadable = {}, {}
        for key, value in records:
            self._note(key, value)
            is_changed = True
        if is_changed:
            loaded = self._loaded()
            if loaded.version == before and loaded.refused == self.rule_set.refused:
                return self.refused != refused  # the same rules keep their quarantine
            self.rule_set = loaded
        return is_changed

    def stored(self, written_ms: int, limits: LogLimits) -> StoredRules:
        """For those who must judge by the same rules."""
        changes = {name: value for name, (_, value) in self._changes.items()}
        return StoredRules(self.rule_set.version, written_ms, dict(self._files), changes, limits)

    def _note(self, key: bytes | None, value: bytes | None) -> None:
        name = (key or b"").decode("utf-8", "replace")[:_LONGEST_NAME]
        change = read_change(key, value)
        self._unreadable.pop(name, None)
        self._changes.pop(name, None)
        if isinstance(change, RuleProblem):
            self._unreadable[name] = _UNREADABLE
        elif not isinstance(change, Removal):
            self._changes[name] = change, value or b""

    def _loaded(self) -> RuleSet:
        loaded = self._load(
            self._files, {name: change for name, (change, _) in self._changes.items()}, number=self._position
        )
        if isinstance(loaded, tuple):
            raise WrongRulesError("\n".join(map(str, loaded)))
        return loaded
