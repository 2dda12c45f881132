"""The balance: every raw record has exactly one outcome, and every outcome belongs to a raw record.

A raw record has one of four outcomes. Enriched: it is in the topic of every purpose that it belongs to, which counts as
one outcome. Late. Failed. Suppressed: it has a tombstone on the suppressed topic, and is only in the enriched topics
that need no consent.

Failed records and tombstones are matched by the payload's digest, enriched and late records by event id. All are
matched as multisets: a payload that came in n times must go out n times.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assurance.reconciliation.balancing.counts import Discrepancies, OutputCounts, count_notes
from assurance.reconciliation.balancing.routes import DEFAULT_ROUTES, Routes
from assurance.reconciliation.reading.notes import INVALID, REPAIRED
from assurance.reconciliation.reading.records import ObservedRecord, RawRecord


@dataclass(frozen=True)
class Balance:
    """Numbers of records. A record that is missing from two enriched topics counts twice, so does a duplicate."""

    raw: int
    enriched: dict[str, int]
    late: int
    failed: int
    suppressed: int
    """Tombstones of events whose subjects have opted out."""
    missing: int
    """Expected outcomes that do not exist."""
    duplicates: int
    """Outcomes of known records beyond the expected number."""
    unexpected: int
    """Outcomes that belong to no raw record, or have no identity."""
    missing_ids: list[str]
    """The first 20; a record without an event id is named by its digest. The same holds for the next two lists."""
    duplicate_ids: list[str]
    unexpected_ids: list[str]
    failed_reasons: dict[str, int]
    suppressed_reasons: dict[str, int]
    late_reasons: dict[str, int]
    repaired: dict[str, int]
    """Field and reason → the number of enriched events in which that value was repaired or left out."""
    invalid: dict[str, int]
    """Status field → the number of enriched events whose lookup key for that enrichment was invalid."""

    @property
    def balanced(self) -> bool:
        return self.missing == self.duplicates == self.unexpected == 0


def balance(
    raw: Sequence[RawRecord],
    outputs: Iterable[ObservedRecord],
    *,
    routes: Routes = DEFAULT_ROUTES,
    without_consent: Collection[str] = (),
) -> Balance:
    """Compares the outputs with the raw records. Pure; memory grows with the number of distinct records.

    :param without_consent: the topics that receive suppressed events, too.
    """
    outputs = list(outputs)
    counts = OutputCounts.of(outputs)
    found = Discrepancies(event_id for record in raw if (event_id := record.event_id) is not None)
    unfailed, consented = _match_by_digest(raw, counts, found)
    _add_unidentified(consented, found)
    unfailed_ids, consented_ids = _by_id(unfailed), _by_id(consented)
    for event_id, late in counts.late.items():
        found.add_surplus(event_id, late - consented_ids[event_id])
    for topic in {**counts.enriched, **routes}:
        route = routes.get(topic)
        records, ids = (unfailed, unfailed_ids) if topic in without_consent else (consented, consented_ids)
        routed = Counter[str | None]() if route is None else _by_id(records, route)
        _match_topic(ids, routed, counts.late, counts.enriched.get(topic, Counter()), found)
    return Balance(
        raw=len(raw),
        enriched={topic: counts.enriched.get(topic, Counter()).total() for topic in {**routes, **counts.enriched}},
        late=counts.late.total(),
        failed=counts.failed.total(),
        suppressed=counts.suppressed.total(),
        missing=found.missing.total(),
        duplicates=found.duplicates.total(),
        unexpected=found.unexpected.total(),
        missing_ids=found.first_ids(found.missing),
        duplicate_ids=found.first_ids(found.duplicates),
        unexpected_ids=found.first_ids(found.unexpected),
        failed_reasons=dict(counts.failed_reasons.most_common()),
        suppressed_reasons=dict(counts.suppressed_reasons.most_common()),
        late_reasons=dict(counts.late_reasons.most_common()),
        repaired=count_notes(outputs, REPAIRED),
        invalid=count_notes(outputs, INVALID),
    )


_Remaining: TypeAlias = list[tuple[RawRecord, int]]
"""One record for each payload, and how many of its occurrences still need an outcome."""


def _match_by_digest(
    raw: Sequence[RawRecord], counts: OutputCounts, found: Discrepancies
) -> tuple[_Remaining, _Remaining]:
    """Matches failed records and tombstones. Returns what did not fail, and of that what was not suppressed."""
    occurrences = Counter(record.sha256 for record in raw)
    records = {record.sha256: record for record in raw}
    for digest in {**counts.failed, **counts.suppressed}:
        count = counts.failed[digest] + counts.suppressed[digest]
        record = None if digest is None else records.get(digest)
        if record is not None:
            found.add_surplus(record.event_id, count - occurrences[record.sha256], digest)
        else:
            found.add_unexpected(None, count, digest)
    unfailed = [(record, occurrences[digest] - counts.failed[digest]) for digest, record in records.items()]
    consented = [(record, count - counts.suppressed[record.sha256]) for record, count in unfailed]
    return [pair for pair in unfailed if pair[1] > 0], [pair for pair in consented if pair[1] > 0]


def _add_unidentified(remaining: _Remaining, found: Discrepancies) -> None:
    """A record without an event id can only fail. One that has not failed is missing."""
    for record, count in remaining:
        if record.event_id is None:
            found.add_missing(None, count, record.sha256)


def _by_id(remaining: _Remaining, route: Callable[[RawRecord], bool] | None = None) -> Counter[str | None]:
    """Event id → how many occurrences remain, of the records that ``route`` accepts or of all."""
    ids: Counter[str | None] = Counter()
    for record, count in remaining:
        if record.event_id is not None and (route is None or route(record)):
            ids[record.event_id] += count
    return ids


def _match_topic(
    remaining: Counter[str | None],
    routed: Counter[str | None],
    late: Counter[str | None],
    enriched: Counter[str | None],
    found: Discrepancies,
) -> None:
    """Matches one enriched topic, by event id.

    If an id came in n times and is late k times, the late topic does not tell which k payloads were late. Where the
    payloads of one id are routed differently, the expected number is therefore a range; else both ends are equal.
    """
    for event_id in {**routed, **enriched}:
        least = max(0, routed[event_id] - late[event_id])
        most = max(0, min(routed[event_id], remaining[event_id] - late[event_id]))
        found.add_missing(event_id, least - enriched[event_id])
        found.add_surplus(event_id, enriched[event_id] - most)
