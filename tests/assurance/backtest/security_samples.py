"""A few rules, and events that they are about."""

from typing import get_args

from contracts.security.verdicts import Flow
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.known_rules import known_rules

AT = 1_700_000_000_000
MINUTE = 60_000
_DECISIONS = "\n".join(
    f"  {flow}: {{challenge: 0.6, deny: 0.9, challenge_rate: 0.01}}" for flow in sorted(get_args(Flow))
)
RULES = f"""\
name: sign_in_succeeded
title: Successful sign-in
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'success'
---
name: sign_in_failed
title: Failed sign-in
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'failure'
---
name: stuffing
title: Credential stuffing
version: 1
status: live
level: high
abuse_type: account_takeover
owasp: OAT-008
description: Block the address.
words: "{{value}} failed sign-ins from this address within 15 minutes (limit {{threshold}})"
correlation:
  type: event_count
  rules: [sign_in_failed]
  group-by: [user_ipaddress]
  timespan: 15m
  condition: count() >= 5
---
name: tool
title: A tool as agent
version: 1
status: shadow
level: high
abuse_type: bot
owasp: OAT-007
description: Look at the agent.
condition: event_name == 'sign_in' && useragent == 'curl/8'
---
decisions:
{_DECISIONS}
"""
RULES += known_rules(RULES)


def rules(text: str = RULES) -> RuleSet:
    loaded = load_rules({"rules.yml": text})
    assert isinstance(loaded, RuleSet), loaded
    return loaded


def sign_in(
    number: int,
    *,
    user: str | None = None,
    outcome: str = "failure",
    address: str = "198.51.100.7",
    agent: str | None = "Mozilla/5.0",
    at: int | None = None,
) -> SecurityEvent:
    """One a minute, each of another user."""
    return SecurityEvent(
        event_id=f"event-{number:04}",
        event_name="sign_in",
        collector_tstamp=AT + number * MINUTE if at is None else at,
        etl_tstamp=AT,
        user_id=user or f"u{number:04}",
        user_ipaddress=address,
        useragent=agent,
        auth_outcome=outcome,
    )
