"""What the job's operators share in a process: the rules in effect with their follower, and the copy in Redis."""

import time
from collections.abc import Mapping
from functools import partial

from applications.account_security.config import Config
from applications.account_security.redis_state import RedisState
from applications.account_security.rules.effective import EffectiveRules
from applications.account_security.rules.follower import RulesFollower
from applications.account_security.rules.rule_sets import RuleSets
from common.kafka.client_config import client_login
from common.shared import Shared
from contracts.fixed_topics import RULES
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet


class Runtime:
    def __init__(self, config: Config, files: Mapping[str, str]) -> None:
        """:raises RuntimeError: if the topic of rules cannot be read to its end."""
        effective = EffectiveRules(files, partial(load_rules, budget=config.rules.budget()))
        self._limits = config.logs.limits()
        self._unknown_s = config.rules.unknown_ms / 1000
        self._refused = 0
        self.rule_sets = RuleSets(effective.rule_set)
        self.risk: RedisState | None = None
        if config.risk.redis_url:
            risk = config.risk
            self.risk = RedisState(
                risk.redis_url.reveal(), waiting=risk.waiting, waiting_bytes=risk.waiting_bytes, ttl_s=risk.ttl_s
            )
        self._follower: RulesFollower | None = None
        if config.rules.changes == "ignore":
            self._use(effective, 0)
        else:
            # Nothing is told of the rules before: the files have rules that somebody may have switched off.
            login = client_login(config.kafka.bootstrap_servers, config.kafka.client_properties())
            try:
                self._follower = RulesFollower(
                    config.kafka.bootstrap_servers,
                    login,
                    RULES.name,
                    effective,
                    self._use,
                    config.rules.first_ms / 1000,
                )
            except BaseException:
                self.close()
                raise

    def rules_of(self, version: str) -> tuple[RuleSet, bool]:
        """The rule set, and whether it is the one asked for. The newest one stands in for one that is not known."""
        found = self.rule_sets.of(version, self._unknown_s)
        return (self.rule_sets.current, False) if found is None else (found, True)

    @property
    def refused(self) -> int:
        """Rules whose newest change is refused."""
        return self._refused

    @property
    def follower_age_ms(self) -> int:
        return self._follower.age_ms() if self._follower is not None else 0

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()
        if self.risk is not None:
            self.risk.close()

    def _use(self, effective: EffectiveRules, position: int) -> None:
        self._refused = len(effective.refused)
        if self.rule_sets.current is not effective.rule_set:
            self.rule_sets.put(effective.rule_set)
        if self.risk is not None:
            self.risk.put_rules(effective.stored(time.time_ns() // 1_000_000, self._limits), position)


RUNTIMES: Shared[Runtime] = Shared()
"""By the job's consumer group: two jobs in one task manager have their own."""
