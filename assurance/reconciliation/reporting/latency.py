"""Latency, from the producer's send to a consumer's receipt of the enriched event; and the rate of outputs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
from contracts.topics import OUTCOMES

SendTimes: TypeAlias = Mapping[bytes, Sequence[int]]
"""First 16 bytes of the payload's SHA-256 → the times at which it was sent, nanoseconds since 1970 UTC."""

DIGEST_BYTES = 16
_NOT_ENRICHED = frozenset(topic.name for topic in OUTCOMES)


class Percentiles(msgspec.Struct, frozen=True, kw_only=True, rename={"p99_9": "p99.9"}):
    """Milliseconds; None if nothing was measured. Each is one of the measured values: see :func:`percentiles`."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    p99_9: float | None = None
    max: float | None = None
    count: int = 0
    """Number of measured values."""


def percentiles(latencies_ns: Iterable[int]) -> Percentiles:
    """Nearest rank: percentile p is the smallest value that at least p percent of the values do not exceed."""
    ordered = sorted(latencies_ns)
    if not ordered:
        return Percentiles()

    def ms(per_mille: int) -> float:
        rank = -(-per_mille * len(ordered) // 1000)  # integers, because 0.999 * n is not exact
        return round(ordered[rank - 1] / 1e6, 3)

    return Percentiles(p50=ms(500), p95=ms(950), p99=ms(990), p99_9=ms(999), max=ms(1000), count=len(ordered))


def send_times_by_id(raw: Iterable[RawRecord], send_times: SendTimes) -> dict[str, list[int]]:
    """Event id → its send times, ascending. An id may have been sent several times, and in several payloads."""
    digests: defaultdict[str, set[bytes]] = defaultdict(set)
    for record in raw:
        if record.event_id is not None:
            digests[record.event_id].add(record.sha256[:DIGEST_BYTES])
    return {
        event_id: sorted(ns for digest in found for ns in send_times.get(digest, ()))
        for event_id, found in digests.items()
    }


def latencies(sent: Mapping[str, Sequence[int]], observed: Iterable[ObservedRecord]) -> dict[str, list[int]]:
    """Enriched topic → nanoseconds from send to receipt.

    If an id was sent n times, its first n records are paired with the sends in order of time. Further records are left
    out: an aborted and repeated transaction is seen twice when reading uncommitted. Ids without a send time are left
    out, too.
    """
    received: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for record in observed:
        if record.topic not in _NOT_ENRICHED and record.event_id is not None:
            received[record.topic, record.event_id].append(record.received_ns)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for (topic, event_id), times in received.items():
        pairs = zip(sent.get(event_id, ()), sorted(times), strict=False)
        found[topic] += [received_ns - sent_ns for sent_ns, received_ns in pairs]
    return dict(found)


def events_per_second(observed: Iterable[ObservedRecord]) -> float:
    """Records per second between the first and the last receipt; 0 if all were received at the same time."""
    times = [record.received_ns for record in observed]
    span_ns = max(times) - min(times) if times else 0
    return round(len(times) / span_ns * 1e9, 1) if span_ns else 0.0
