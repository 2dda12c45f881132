"""Verdicts for the webhook's tests."""

from contracts.security.verdicts import AbuseType, Decision, Mode, Reason, Verdict


def verdict(
    name: str = "v1",
    *,
    subject: str = "u1",
    decision: Decision = "deny",
    mode: Mode = "live",
    abuse: AbuseType = "account_takeover",
    at: int = 1_700_000_000_000,
) -> Verdict:
    reason = Reason(
        code="r", words="12 failed sign-ins from this address", abuse_type=abuse, weight=0.9, since_tstamp=at
    )
    return Verdict(
        verdict_id=name,
        verdict_version=1,
        event_id=f"event-{name}",
        event_tstamp=at,
        subject_kind="user",
        subject_id=subject,
        flow="sign_in",
        mode=mode,
        decision=decision,
        level="critical",
        score=0.9,
        abuse_type=abuse,
        reasons=[reason],
        rules_version="0123456789ab",
        decided_tstamp=at,
    )
