"""Reads what the job account_security read and wrote."""

from collections.abc import Mapping

import msgspec

from assurance.reconciliation.security.history import VerdictHistory
from assurance.reconciliation.security.summary import SecuritySummary, sum_up
from assurance.reconciliation.security.truth import Truth
from common.kafka.topic_reader import read_whole
from contracts.fixed_topics import VERDICTS, enriched_name
from contracts.security.verdicts import Verdict
from core.risk.security_event import FLOWS

EVENTS = enriched_name("security")


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    event_name: str


_read_event = msgspec.json.Decoder(_Event).decode
_read_verdict = msgspec.json.Decoder(Verdict).decode


def judged_events(bootstrap: str) -> set[str]:
    """Ids of the events that should have a verdict: those of the purpose whose name has a flow.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    messages = read_whole(bootstrap, [EVENTS], isolation="read_committed")
    events = (_read_event(value) for message in messages if (value := message.value()) is not None)
    return {event.event_id for event in events if event.event_name in FLOWS}


def read_verdicts(bootstrap: str) -> VerdictHistory:
    """All verdicts, uncommitted ones too: that is how they are meant to be read.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    found = VerdictHistory()
    for message in read_whole(bootstrap, [VERDICTS.name], isolation="read_uncommitted"):
        if (value := message.value()) is not None:
            found.add(_read_verdict(value))
    return found


def balance_verdicts(bootstrap: str, truth: Mapping[str, Truth] | None = None) -> SecuritySummary:
    """:raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read."""
    return sum_up(judged_events(bootstrap), read_verdicts(bootstrap), truth)
