"""Verdicts as records of their topic. Pure."""

import msgspec

from applications.account_security.messages import Unjudged
from common.flink.output_record import OutputRecord
from contracts.fixed_topics import VERDICTS
from contracts.security.verdicts import Verdict
from core.risk.observation import Observation
from core.risk.subject.internal import internal_verdict

_encode = msgspec.json.Encoder().encode


def record_of(verdict: Verdict) -> OutputRecord:
    """Keyed by the subject, so that an account's verdicts are in one partition, in order."""
    key = verdict.subject_id.encode("utf-8", "surrogatepass")
    return VERDICTS.name, key, _encode(verdict), verdict.decided_tstamp


def internal_verdict_on(message: Unjudged) -> Verdict:
    """On an event that was not observed. The subject does not know it: if it is read again and can be observed
    then, the verdict is another first version.
    """
    verdict, _ = internal_verdict(
        event_id=message.event_id,
        at=message.at,
        flow=message.flow,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        rules_version=message.rules,
        code=message.why,
    )
    return verdict


def internal_verdict_of(rules: str, observed: Observation) -> Verdict:
    """On an event that was observed and could not be noted."""
    return internal_verdict_on(
        Unjudged(rules, observed.event_id, observed.at, observed.flow, observed.subject_kind, observed.subject_id)
    )
