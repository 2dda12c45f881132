"""The rules that ``POST /v1/risk`` judges by: those of the running job, which it writes to Redis.

Until Redis has them, the files that the settings name are in use, or none.
"""

import asyncio
from pathlib import Path

import structlog

from common.rule_folder import read_rule_folder
from contracts.security.rule_changes import RuleChange
from core.risk.rules.changes import read_change
from core.risk.rules.load import load_rules
from core.risk.rules.model import RuleProblem
from core.risk.rules.rule_set import RuleSet
from core.risk.stored_state import RULES_KEY, LogLimits, StoredRules, decode_rules
from lookup_service.metrics import Metrics
from lookup_service.resolving.shared_redis import SharedRedis

POLL_S = 1.0
log = structlog.get_logger(__name__)


class RulesInUse:
    def __init__(self, redis: SharedRedis, metrics: Metrics, packaged: RuleSet | None) -> None:
        """:param packaged: used until Redis has rules."""
        self.rules = packaged
        """None: no rules are known yet."""
        self.limits = LogLimits()
        """Of the job's logs."""
        self.is_from_job = False
        self._redis = redis
        self._metrics = metrics
        self._seen = ""
        self.is_refused = False
        """The newest rules of the job, or some of them, cannot be used."""

    async def follow(self) -> None:
        """Until cancelled, looks at Redis every :data:`POLL_S` seconds. A failure leaves the rules as they are."""
        while True:
            try:
                await self.refresh()
            except Exception as error:  # a bug in compiling must not end the following of later versions
                self._refuse(type(error).__name__)
            self._observe()
            await asyncio.sleep(POLL_S)

    async def refresh(self) -> None:
        """Compiles the job's rules if their version is not the one that was seen last, in a thread: it takes long."""
        value = await self._redis.get_alone(RULES_KEY)
        if value is None:
            return
        stored = decode_rules(value)
        if stored is None:
            if self._seen or not self.is_refused:
                self._refuse("no rule set")
            self._seen = ""  # the same version again is good again
            return
        self.limits = stored.limits
        if stored.version == self._seen:
            return
        self._seen = stored.version  # also of rules that are refused: they are not compiled every second
        found = await asyncio.to_thread(compiled, stored)
        if isinstance(found, RuleSet):
            self.rules, self.is_from_job, self.is_refused = found, True, bool(found.refused)
            log.info("rules_in_use", version=found.version, rules=len(found.rules), refused=len(found.refused))
        else:
            self._refuse(str(found[0]))

    def _refuse(self, reason: str) -> None:
        self.is_refused = True
        log.warning("rules_refused", reason=reason)

    def _observe(self) -> None:
        rules = self.rules
        self._metrics.observe_rules(
            rules=0 if rules is None else len(rules.rules),
            quarantined=0 if rules is None else len(rules.quarantined),
            is_refused=self.is_refused,
        )


def compiled(stored: StoredRules) -> RuleSet | tuple[RuleProblem, ...]:
    """A change that cannot be read makes the whole refused: the job, of another version, has read it."""
    changes: dict[str, RuleChange | None] = {}
    for name, value in stored.changes.items():
        change = read_change(name.encode(), value)
        if isinstance(change, RuleProblem):
            return (change,)
        if isinstance(change, RuleChange):
            changes[name] = change
    return load_rules(stored.files, changes)


def rules_of(path: Path) -> RuleSet | tuple[RuleProblem, ...]:
    """The rules of one file, or of all rule files in a folder.

    :raises RuleFolderError: see :func:`common.rule_folder.read_rule_folder`.
    """
    return load_rules(read_rule_folder(path))
