"""The balance: every raw record has exactly one outcome, and no outcome is without its raw record.

A raw record is enriched (into every purpose's topic it belongs to, counted as one outcome), late, failed, or
suppressed: then it has a tombstone on the suppressed topic and is in those topics only that need no consent. Failed
outputs and tombstones are matched by the digest of the payload, enriched and late ones by event id, all as multisets:
what came in n times goes out n times.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from assurance.reconciliation.discrepancies import Discrepancies
from assurance.reconciliation.notes import INVALID, REPAIRED, count_notes
from assurance.reconciliation.output_counts import OutputCounts
from assurance.reconciliation.records import ObservedRecord, RawRecord
from contracts.topics import ANALYTICS

Routes: TypeAlias = Mapping[str, Callable[[RawRecord], bool]]
"""Enriched topic to whether a raw record belongs in it; equal payloads must be routed equally."""


def every_event(_: RawRecord) -> bool:
    return True


DEFAULT_ROUTES: Routes = MappingProxyType({ANALYTICS.name: every_event})


@dataclass(frozen=True)
class Balance:
    """Numbers of records. A record missing from, or doubled in, two enriched topics counts twice."""

    raw: int
    enriched: dict[str, int]
    late: int
    failed: int
    suppressed: int
    """Tombstones of events whose subjects have opted out."""
    missing: int
    """Outcomes that should be there and are not."""
    duplicates: int
    """Outcomes of known records beyond the one each has a right to."""
    unexpected: int
    """Outcomes whose record never came in, or that carry no identity."""
    missing_ids: list[str]
    """The first 20; a record without an id is named by its digest."""
    duplicate_ids: list[str]
    unexpected_ids: list[str]
    failed_reasons: dict[str, int]
    suppressed_reasons: dict[str, int]
    late_reasons: dict[str, int]
    repaired: dict[str, int]
    """Field and reason to the number of enriched events in which that value was repaired or left out."""
    invalid: dict[str, int]
    """Status field to the number of enriched events whose key for that enrichment could not be used."""

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
    """Holds the outputs against the raw records. Pure; memory grows with the number of distinct records.

    ``without_consent``: the topics that get suppressed events, too.
    """
    outputs = list(outputs)
    tally = OutputCounts.of(outputs)
    faults = Discrepancies(event_id for record in raw if (event_id := record.event_id) is not None)
    unfailed, consented = _settle_failed(raw, tally, faults)
    _lack_of_an_id(consented, faults)
    came = _by_id(consented)
    all_came = _by_id(unfailed)
    for event_id, late in tally.late.items():
        faults.excess(event_id, late - came[event_id])
    for topic in {**tally.enriched, **routes}:
        went = tally.enriched.get(topic, Counter())
        route = routes.get(topic)
        is_free = topic in without_consent
        belongs = _routed(unfailed if is_free else consented, route) if route is not None else Counter[str | None]()
        _settle_topic(all_came if is_free else came, belongs, tally.late, went, faults)
    return Balance(
        raw=len(raw),
        enriched={topic: tally.enriched.get(topic, Counter()).total() for topic in {**routes, **tally.enriched}},
        late=tally.late.total(),
        failed=tally.failed.total(),
        suppressed=tally.suppressed.total(),
        missing=faults.missing.total(),
        duplicates=faults.duplicates.total(),
        unexpected=faults.unexpected.total(),
        missing_ids=faults.first(faults.missing),
        duplicate_ids=faults.first(faults.duplicates),
        unexpected_ids=faults.first(faults.unexpected),
        failed_reasons=dict(tally.failed_reasons.most_common()),
        suppressed_reasons=dict(tally.suppressed_reasons.most_common()),
        late_reasons=dict(tally.late_reasons.most_common()),
        repaired=count_notes(outputs, REPAIRED),
        invalid=count_notes(outputs, INVALID),
    )


_Left = list[tuple[RawRecord, int]]
"""One record for each payload, and how often it is there."""


def _settle_failed(raw: Sequence[RawRecord], tally: OutputCounts, faults: Discrepancies) -> tuple[_Left, _Left]:
    """Takes the failed records out: what is left with the suppressed ones, and without them."""
    came = Counter(record.sha256 for record in raw)
    records = {record.sha256: record for record in raw}
    for digest in {**tally.failed, **tally.suppressed}:
        count = tally.failed[digest] + tally.suppressed[digest]
        record = None if digest is None else records.get(digest)
        if record is not None:
            faults.excess(record.event_id, count - came[record.sha256], digest)
        else:
            faults.stranger(None, count, digest)
    unfailed = [(record, came[digest] - tally.failed[digest]) for digest, record in records.items()]
    consented = [(record, count - tally.suppressed[record.sha256]) for record, count in unfailed]
    return [pair for pair in unfailed if pair[1] > 0], [pair for pair in consented if pair[1] > 0]


def _lack_of_an_id(left: _Left, faults: Discrepancies) -> None:
    for record, count in left:
        if record.event_id is None:
            # without an id it could only have failed
            faults.lack(None, count, record.sha256)


def _by_id(left: _Left) -> Counter[str | None]:
    came: Counter[str | None] = Counter()
    for record, count in left:
        if record.event_id is not None:
            came[record.event_id] += count
    return came


def _routed(left: _Left, route: Callable[[RawRecord], bool]) -> Counter[str | None]:
    belongs: Counter[str | None] = Counter()
    for record, count in left:
        if record.event_id is not None and route(record):
            belongs[record.event_id] += count
    return belongs


def _settle_topic(
    came: Counter[str | None],
    belongs: Counter[str | None],
    late: Counter[str | None],
    went: Counter[str | None],
    faults: Discrepancies,
) -> None:
    """Of an id that came n times and is late k times, which of the n are late cannot be told.

    Where payloads of one id are routed differently, that leaves a range; otherwise both ends are equal.
    """
    for event_id in {**belongs, **went}:
        least = max(0, belongs[event_id] - late[event_id])
        most = max(0, min(belongs[event_id], came[event_id] - late[event_id]))
        faults.lack(event_id, least - went[event_id])
        faults.excess(event_id, went[event_id] - most)
