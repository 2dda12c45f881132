"""Reads what the job account_security read and wrote."""

import msgspec

from assurance.reconciliation.security.history import LedgerKey, VerdictHistory, key_of_event
from common.kafka.topic_reader import read_whole
from contracts.fixed_topics import VERDICTS, enriched_name
from contracts.security.verdicts import Verdict
from core.risk.security_event import read_event

EVENTS = enriched_name("security")


_read_verdict = msgspec.json.Decoder(Verdict).decode


def judged_events(bootstrap: str) -> set[LedgerKey]:
    """The events that should have a verdict: those of the purpose whose name has a flow.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    messages = read_whole(bootstrap, [EVENTS], isolation="read_committed")
    events = (read_event(value) for message in messages if (value := message.value()) is not None)
    return {key for event in events if (key := key_of_event(event)) is not None}


def read_verdicts(bootstrap: str) -> VerdictHistory:
    """All verdicts, uncommitted ones too: that is how they are meant to be read.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topic cannot be read.
    """
    found = VerdictHistory()
    for message in read_whole(bootstrap, [VERDICTS.name], isolation="read_uncommitted"):
        if (value := message.value()) is not None:
            found.add(_read_verdict(value))
    return found
