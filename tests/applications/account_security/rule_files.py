"""Few rules with low limits, one of each kind that the job treats differently."""

from tests.core.risk.rules.known_rules import known_rules

CREDENTIALS = """
name: sign_in_succeeded
title: A successful sign-in
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'success'
---
name: sign_in_failed
title: A failed sign-in
version: 1
status: live
level: informational
condition: event_name == 'sign_in' && auth_outcome == 'failure'
---
name: unremembered_network
title: A network that no habit is learnt from
version: 1
status: live
level: informational
condition: ip_is_anonymous == true
---
name: credential_stuffing_address
title: Credential stuffing from one address
version: 1
status: live
level: high
weight: 0.8
abuse_type: account_takeover
owasp: OAT-008
description: Block the address, and look for accounts that it signed in to.
words: "{value} failed sign-ins from this address within 15 minutes (limit {threshold})"
correlation:
  type: event_count
  rules: [sign_in_failed]
  group-by: [user_ipaddress]
  timespan: 15m
  condition: "count() >= 8 && distinct('user_id') >= 5"
---
name: success_after_stuffing
title: A successful sign-in from an address that was stuffing
version: 1
status: live
level: critical
weight: 0.95
abuse_type: account_takeover
owasp: OAT-008
description: Sign the account out everywhere and let its owner set a new password.
correlation:
  type: temporal_ordered
  rules: [credential_stuffing_address, sign_in_succeeded]
  group-by: [user_ipaddress]
  timespan: 8h
"""
CRACKING = """
name: password_cracking
title: Many failed sign-ins of one account
version: 1
status: live
level: medium
abuse_type: account_takeover
owasp: OAT-007
description: Challenge the next sign-in.
words: "{value} failed sign-ins of this account within an hour (limit {threshold})"
correlation:
  type: event_count
  rules: [sign_in_failed]
  group-by: [user_id]
  timespan: 1h
  condition: {gte: 5}
---
name: new_device_shadow
title: A new device
version: 1
status: shadow
level: low
abuse_type: account_takeover
owasp: OAT-008
description: Look whether this would stop too many.
condition: sign_in_succeeded && user.new_device
"""
DECISIONS = """
decisions:
  sign_in: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  sign_up: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  account_change: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  checkout: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  listing_create: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
  web_request: {challenge: 0.6, deny: 0.9, challenge_rate: 0.001}
"""
FILES = {
    "credentials.yml": CREDENTIALS + known_rules(CREDENTIALS),
    "cracking.yml": CRACKING,
    "decisions.yml": DECISIONS,
}
EVERY_FAILURE = """
name: every_failure
title: A failed sign-in
version: 1
status: live
level: low
abuse_type: account_takeover
owasp: OAT-007
description: For a test.
condition: event_name == 'sign_in' && auth_outcome == 'failure'
"""
"""A rule to add while the job runs."""
