"""Verdicts as records of their topic. Pure."""

import msgspec

from applications.account_security.messages import Unjudged
from common.flink.output_record import OutputRecord
from contracts.fixed_topics import VERDICTS
from contracts.security.verdicts import Reason, Verdict
from core.risk.subject.verdicts import with_id

INTERNAL = "internal"
"""Code of the reason of an event that met a bug of the job."""
_encode = msgspec.json.Encoder().encode


def record_of(verdict: Verdict) -> OutputRecord:
    """Keyed by the subject, so that an account's verdicts are in one partition, in order."""
    key = verdict.subject_id.encode("utf-8", "surrogatepass")
    return VERDICTS.name, key, _encode(verdict), verdict.decided_tstamp


def internal_verdict(message: Unjudged) -> Verdict:
    """Of an event that could not be judged: nothing is known against it, and it is not stopped."""
    reason = Reason(
        code=INTERNAL,
        words="The event could not be judged, because of a fault in the program",
        abuse_type="account_takeover",
        weight=0.0,
        since_tstamp=message.at,
    )
    verdict = Verdict(
        verdict_id="",
        verdict_version=1,
        event_id=message.event_id,
        event_tstamp=message.at,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        flow=message.flow,
        mode="live",
        decision="allow",
        level="unknown",
        score=0.0,
        reasons=[reason],
        rules_version=message.rules,
        decided_tstamp=message.at,
    )
    made, _ = with_id(verdict, 1, b"")
    return made
