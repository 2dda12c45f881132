"""Audits topics: reads the raw topic and the output topics, and balances them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.balancing.event_pseudonyms import with_raw_ids
from assurance.reconciliation.balancing.routes import Expected
from assurance.reconciliation.collecting.collector import TopicCollector
from assurance.reconciliation.reading.topics import read_raw
from assurance.reconciliation.reporting.summary import Summary, summarize
from assurance.reconciliation.sinks.comparison import EventIds, enriched_ids
from common.kafka.topic_reader import TopicUnavailable, end_offsets
from contracts.topics import OUTCOMES, RAW
from core.privacy.key_source import load_key_ring


@dataclass(frozen=True)
class Audit:
    summary: Summary
    samples: list[str]
    """Enriched events as JSON, not masked."""
    enriched: EventIds
    """The event ids in each purpose's topic: what a sink of that topic must hold."""


def audit(bootstrap: str, expected: Expected, *, idle_s: float = 5.0, keys_source: str | None = None) -> Audit:
    """Waits until every raw record has its outcome or nothing new came for ``idle_s``, then balances.

    Outputs whose raw records have passed their retention are reported as unexpected.

    :param keys_source: where the key ring is. Needed if the policy replaces event ids by pseudonyms.
    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read, or if raw events still come in: their
        outputs would be reported as unexpected.
    :raises core.privacy.key_ring.KeyRingError: if the key ring is needed and unusable.
    """
    epochs = load_key_ring(keys_source or "").epochs if expected.event_pseudonyms else ()
    ends = end_offsets(bootstrap, [RAW.name])
    raw = read_raw(bootstrap)
    output_topics = [*expected.topics, *(topic.name for topic in OUTCOMES)]
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder:
        file = Path(folder) / "receipts.jsonl"
        with TopicCollector(bootstrap, output_topics, isolation="read_committed", file=file) as collector:
            collector.wait_until_quiet(len(raw), expected.every_event, idle_s=idle_s)
        if end_offsets(bootstrap, [RAW.name]) != ends:
            raise TopicUnavailable(f"{RAW.name} still receives events: stop the producers, then audit")
        observed = collector.observed_records()
        outputs = with_raw_ids(observed, raw, expected.event_pseudonyms, epochs) if epochs else observed
        result = balance(raw, outputs, routes=expected.routes, without_consent=expected.without_consent)
        return Audit(summarize(result), collector.samples(), enriched_ids(observed, expected.topics))
