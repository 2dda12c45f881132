"""The balance: every raw record has exactly one outcome, and no outcome is without its raw record.

A raw record is enriched (into every purpose's topic it belongs to, counted as one outcome), late, or
failed. Failed outputs are matched by the digest of the payload, enriched and late ones by event id, all as
multisets: what came in n times goes out n times.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from contracts.topics import ANALYTICS
from ledger.faults import Faults
from ledger.records import RawRecord, Receipt
from ledger.tally import Tally

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
    late_reasons: dict[str, int]

    @property
    def balanced(self) -> bool:
        return self.missing == self.duplicates == self.unexpected == 0


def balance(raw: Sequence[RawRecord], outputs: Iterable[Receipt], *, routes: Routes = DEFAULT_ROUTES) -> Balance:
    """Holds the outputs against the raw records. Pure; memory grows with the number of distinct records."""
    tally = Tally.of(outputs)
    faults = Faults(event_id for record in raw if (event_id := record.event_id) is not None)
    unfailed = _settle_failed(raw, tally.failed, faults)
    came = _by_id(unfailed, faults)
    for event_id, late in tally.late.items():
        faults.excess(event_id, late - came[event_id])
    for topic in {**tally.enriched, **routes}:
        went = tally.enriched.get(topic, Counter())
        route = routes.get(topic)
        belongs = _routed(unfailed, route) if route is not None else Counter[str | None]()
        _settle_topic(came, belongs, tally.late, went, faults)
    return Balance(
        raw=len(raw),
        enriched={topic: tally.enriched.get(topic, Counter()).total() for topic in {**routes, **tally.enriched}},
        late=tally.late.total(),
        failed=tally.failed.total(),
        missing=faults.missing.total(),
        duplicates=faults.duplicates.total(),
        unexpected=faults.unexpected.total(),
        missing_ids=faults.first(faults.missing),
        duplicate_ids=faults.first(faults.duplicates),
        unexpected_ids=faults.first(faults.unexpected),
        failed_reasons=dict(tally.failed_reasons.most_common()),
        late_reasons=dict(tally.late_reasons.most_common()),
    )


def _settle_failed(
    raw: Sequence[RawRecord], failed: Counter[bytes | None], faults: Faults
) -> list[tuple[RawRecord, int]]:
    """Takes the failed records out; returns one record for each payload that is left, and how often it is."""
    came = Counter(record.sha256 for record in raw)
    records = {record.sha256: record for record in raw}
    for digest, count in failed.items():
        record = None if digest is None else records.get(digest)
        if record is not None:
            faults.excess(record.event_id, count - came[record.sha256], digest)
        else:
            faults.stranger(None, count, digest)
    left = ((record, came[digest] - failed[digest]) for digest, record in records.items())
    return [(record, count) for record, count in left if count > 0]


def _by_id(unfailed: Iterable[tuple[RawRecord, int]], faults: Faults) -> Counter[str | None]:
    came: Counter[str | None] = Counter()
    for record, count in unfailed:
        if record.event_id is None:
            # without an id it could only have failed
            faults.lack(None, count, record.sha256)
        else:
            came[record.event_id] += count
    return came


def _routed(unfailed: Iterable[tuple[RawRecord, int]], route: Callable[[RawRecord], bool]) -> Counter[str | None]:
    belongs: Counter[str | None] = Counter()
    for record, count in unfailed:
        if record.event_id is not None and route(record):
            belongs[record.event_id] += count
    return belongs


def _settle_topic(
    came: Counter[str | None],
    belongs: Counter[str | None],
    late: Counter[str | None],
    went: Counter[str | None],
    faults: Faults,
) -> None:
    """Of an id that came n times and is late k times, which of the n are late cannot be told.

    Where payloads of one id are routed differently, that leaves a range; otherwise both ends are equal.
    """
    for event_id in {**belongs, **went}:
        least = max(0, belongs[event_id] - late[event_id])
        most = max(0, min(belongs[event_id], came[event_id] - late[event_id]))
        faults.lack(event_id, least - went[event_id])
        faults.excess(event_id, went[event_id] - most)
