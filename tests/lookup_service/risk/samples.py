"""A few rules, events of one address, and what the job would have written to Redis after them."""

from collections.abc import Iterable, Mapping

from assurance.bench.risk_states import PureJob
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from core.risk.stored_state import RULES_KEY, LogLimits, StoredRules, encode_rules
from lookup_service.clock import now_ms
from tests.core.risk.rules.known_rules import known_rules

ADDRESS = "81.2.69.142"
USER = "u0000007"
LIMIT = 5
DEFAULT_LIMITS = LogLimits()
RULES = """
name: sign_in_failed
title: Failed sign-in
description: A sign-in that failed.
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'failure'
---
name: sign_in_succeeded
title: Sign-in
description: A sign-in that succeeded.
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'success'
---
name: sign_in_attempt
title: Attempt to sign in
description: A sign-in, whatever came of it.
version: 1
status: live
level: informational
condition: event_name == 'sign_in'
---
name: many_attempts
title: Many attempts from one address
description: Many attempts to sign in from one address.
version: 1
status: live
level: critical
abuse_type: account_takeover
owasp: OAT-008
words: "{value} attempts to sign in from this address within 15 minutes (limit {threshold})"
correlation:
  type: event_count
  rules: [sign_in_attempt]
  group-by: [user_ipaddress]
  timespan: 15m
  condition: {gte: LIMIT}
---
name: new_account
title: The account is new
description: The account was registered within the last hour.
version: 1
status: live
level: low
abuse_type: fake_account
owasp: OAT-019
condition: sign_in_attempt && user.account_age_ms < 3600000
---
name: from_milton
title: From Milton, by a crawler
description: An example of a rule on what is looked up and derived.
version: 1
status: live
level: medium
abuse_type: bot
owasp: OAT-007
condition: event_name == 'sign_in' && geo_city == 'Milton' && user_agent_is_crawler
---
decisions:
  sign_up: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  sign_in: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  account_change: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  checkout: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  listing_create: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  web_request: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
"""
RULES += known_rules(RULES)


def rule_text(limit: int = LIMIT) -> str:
    return RULES.replace("LIMIT", str(limit))


def rule_set(text: str | None = None) -> RuleSet:
    found = load_rules({"rules.yml": text or rule_text()})
    assert isinstance(found, RuleSet), found
    return found


def stored_rules(text: str | None = None, limits: LogLimits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """As the job writes them to Redis."""
    text = text or rule_text()
    stored = StoredRules(rule_set(text).version, now_ms(), {"rules.yml": text}, limits=limits)
    return {RULES_KEY: encode_rules(stored)}


def failures(count: int, *, before_ms: int, address: str = ADDRESS) -> list[SecurityEvent]:
    """Failed sign-ins of as many accounts, a second apart, the last one a second before a time."""
    return [
        SecurityEvent(
            event_id=f"failure-{address.replace('.', '-')}-{number}",
            event_name="sign_in",
            collector_tstamp=before_ms - 1000 * (count - number),
            user_id=f"victim-{number}",
            user_ipaddress=address,
            auth_outcome="failure",
        )
        for number in range(count)
    ]


def states_after(events: Iterable[SecurityEvent], rules: RuleSet | None = None) -> Mapping[str, bytes]:
    """Redis key → value."""
    job = PureJob(rules or rule_set())
    for event in events:
        job.take(event)
    return job.stored(written_ms=now_ms())
