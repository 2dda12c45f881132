"""Verdicts for tests."""

from collections.abc import Iterable

from assurance.reconciliation.security.history import LedgerKey
from contracts.security.verdicts import Decision, Flow, Mode, Reason, Verdict

AT = 1_700_000_000_000


def verdict(
    event_id: str,
    decision: Decision = "allow",
    *,
    version: int = 1,
    at: int = AT,
    decided: int | None = None,
    rule: str = "rule_a",
    mode: Mode = "live",
    score: float = 0.8,
    subject: str = "u1",
    flow: Flow = "sign_in",
) -> Verdict:
    """One with a reason, if it is not allow. ``at`` and ``decided``: ms since 1970 UTC."""
    reason = Reason(
        code=rule, words=f"{rule} holds.", abuse_type="account_takeover", weight=score, since_tstamp=decided or at
    )
    return Verdict(
        verdict_id=f"{event_id}-{mode}-{version}-{subject}-{flow}",
        verdict_version=version,
        event_id=event_id,
        event_tstamp=at,
        subject_kind="user",
        subject_id=subject,
        flow=flow,
        mode=mode,
        decision=decision,
        level="none" if decision == "allow" else "high",
        score=0.0 if decision == "allow" else score,
        reasons=[] if decision == "allow" else [reason],
        rules_version="0123456789ab",
        decided_tstamp=decided or at,
    )


def keys(event_ids: Iterable[str]) -> list[LedgerKey]:
    """What :func:`verdict` is about, by default."""
    return [LedgerKey(event_id, "user:u1", "sign_in") for event_id in event_ids]
