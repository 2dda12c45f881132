"""The verdict on one event that concerns an account: what to do, and why, for the consumer who must do it.

Every event of the purpose security has a verdict. A verdict is superseded when a later event tells more about the same
one, or when an event comes late: the last record of an event is its verdict. Its ``verdict_version`` is the highest,
except after a restart of the job, when versions that were read uncommitted may come again with other content. Equal
verdicts have the same id, so a consumer that reads one again may drop it by its id. Times are ms since 1970 UTC.
"""

from typing import Literal

import msgspec

SCHEMA: Literal["clickstream.verdict/1"] = "clickstream.verdict/1"
Flow = Literal["sign_up", "sign_in", "account_change", "checkout", "listing_create", "web_request"]
"""What the person is about to do. account_change: password, e-mail address, second factor, payout account."""
AbuseType = Literal["account_takeover", "fake_account", "bot", "listing_spam"]
Level = Literal["none", "low", "medium", "high", "critical", "unknown"]
"""unknown: too little is known of the subject yet, and nothing speaks against it."""
Decision = Literal["allow", "challenge", "deny"]
Mode = Literal["live", "shadow"]
"""shadow: what the decision would be if the rules that are tried out counted. Nobody acts on it."""
SubjectKind = Literal["user", "browser", "device", "event"]
"""Who is judged: the account, else the browser, else the device. event: none of them is known. Never an address."""


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule that holds for the event."""

    code: str
    """The rule's name."""
    words: str
    """In a sentence, with the measured value and the threshold. Without addresses and ids."""
    abuse_type: AbuseType
    owasp: str | None = None
    """Code of the OWASP Automated Threat, such as ``OAT-008``."""
    value: float | None = None
    """What was measured: for a rule that counts, the count at which it held first."""
    threshold: float | None = None
    weight: float
    """In [0, 1]: the score of an event with no other reason."""
    since_tstamp: int
    """Time of the event by which the rule held. It can be later than the event that is judged."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    schema: Literal["clickstream.verdict/1"] = SCHEMA
    verdict_id: str
    """A digest of everything else in the verdict, shaped as a UUID."""
    verdict_version: int
    """From 1, one more each time that the verdict on this event changes."""
    supersedes: str | None = None
    """Id of the verdict of the version before."""
    event_id: str
    event_tstamp: int
    """``collector_tstamp`` of the event: the one time that a client cannot choose."""
    subject_kind: SubjectKind
    subject_id: str
    flow: Flow
    mode: Mode
    decision: Decision
    level: Level
    score: float
    """In [0, 1], with three decimals; 0 without reasons."""
    abuse_type: AbuseType | None = None
    """Of the heaviest reason."""
    owasp: str | None = None
    reasons: list[Reason] = []
    """The heaviest first, equal ones by name."""
    likelihood: float | None = None
    """Of a sign-in: logarithm of the ratio of attacker to owner, by Freeman et al. 2016. No decision rests on it."""
    rules_version: str
    decided_tstamp: int
    """Time of the latest event that it rests on."""
