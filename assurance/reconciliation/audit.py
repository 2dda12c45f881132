"""Audits topics as they are: reads the raw topic and the outputs, and balances them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from assurance.reconciliation.balance import balance
from assurance.reconciliation.collect import TopicCollector
from assurance.reconciliation.event_pseudonyms import with_raw_ids
from assurance.reconciliation.raw import read_raw
from assurance.reconciliation.routes import Expected
from assurance.reconciliation.sink_report import EventIds, enriched
from assurance.reconciliation.summary import Summary, summarize
from common.kafka.topic_reader import TopicUnavailable, end_offsets
from contracts.topics import OUTCOMES, RAW
from core.privacy.key_source import load_key_ring


@dataclass(frozen=True)
class Audit:
    summary: Summary
    samples: list[str]
    """Enriched events as JSON, unmasked."""
    enriched: EventIds
    """What was enriched for each purpose's topic: what an outlet of it has to have."""


def audit(bootstrap: str, expected: Expected, *, idle_s: float = 5.0, keys_source: str | None = None) -> Audit:
    """Waits until every raw record has its outcome or nothing came for ``idle_s``.

    Raises :class:`common.kafka.topic_reader.TopicUnavailable`, also if raw events are still coming in: then
    outputs cannot be told from strangers. Outputs whose raw records have passed their retention are
    reported as unexpected.

    :param keys_source: the place of the key ring, wanted where the policy makes pseudonyms of event ids.
    :raises core.privacy.key_ring.KeyRingError: where it is wanted and cannot be used.
    """
    epochs = load_key_ring(keys_source or "").epochs if expected.event_pseudonyms else ()
    ends = end_offsets(bootstrap, [RAW.name])
    raw = read_raw(bootstrap)
    outputs = [*expected.topics, *(topic.name for topic in OUTCOMES)]
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder:
        collector = TopicCollector(bootstrap, outputs, isolation="read_committed", file=Path(folder) / "receipts.jsonl")
        with collector:
            collector.wait_settled(len(raw), expected.every_event, idle_s=idle_s)
        if end_offsets(bootstrap, [RAW.name]) != ends:
            raise TopicUnavailable(f"{RAW.name} is still growing: stop the producers, then audit")
        receipts = collector.receipts()
        named = with_raw_ids(receipts, raw, expected.event_pseudonyms, epochs) if epochs else receipts
        result = balance(raw, named, routes=expected.routes, without_consent=expected.without_consent)
        return Audit(summarize(result), collector.samples(), enriched(receipts, expected.topics))
