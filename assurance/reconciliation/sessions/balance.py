"""Balances sessions against the events that they were made of. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from assurance.reconciliation.sessions.outputs import SessionOutputs
from contracts.sessions.records import SessionRecord

_PAGES = 5


class SessionsSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts are of sessions, except the first four. The JSON keys are public: they must not change."""

    events: int
    """Events that were read and name a visitor."""
    repeated: int
    """Of these, events whose id had passed before."""
    late: int
    """Of these, events that came too late for every session."""
    without_visitor: int
    """Events beside these that name neither a browser nor an account."""
    sessions: int
    ended: int
    corrected: int
    """Sessions that a late event changed or opened."""
    superseded: int
    """Sessions that became part of another one; ``sessions`` does not count them."""
    engaged_share: float
    bounce_share: float
    duration_p50_ms: int
    duration_p90_ms: int
    entry_pages: dict[str, int]
    """The most frequent ones → sessions."""
    balanced: bool
    faults: list[str]
    """What does not agree, each with its numbers."""


def balance_sessions(found: SessionOutputs) -> SessionsSummary:
    sessions = [record for record in found.newest.values() if record.kind != "superseded"]
    faults = [*_events(found), *_sums(found, sessions), *_versions(found)]
    durations = sorted(record.duration_ms for record in sessions)
    pages = Counter(record.entry_page for record in sessions if record.entry_page is not None)
    return SessionsSummary(
        events=found.read.total(),
        repeated=found.repeated,
        late=found.late.total(),
        without_visitor=found.without_visitor,
        sessions=len(sessions),
        ended=sum(record.is_ended for record in sessions),
        corrected=sum(record.session_id in found.corrected for record in sessions),
        superseded=len(found.newest) - len(sessions),
        engaged_share=_share(record.is_engaged for record in sessions),
        bounce_share=_share(record.is_bounce for record in sessions),
        duration_p50_ms=_percentile(durations, 0.5),
        duration_p90_ms=_percentile(durations, 0.9),
        entry_pages=dict(pages.most_common(_PAGES)),
        balanced=not faults,
        faults=faults,
    )


def _events(found: SessionOutputs) -> Iterator[str]:
    outcomes = found.sessionized + found.late
    if missing := (found.read - outcomes).total():
        yield f"{missing:,} events that were read are neither in a session nor late"
    if doubled := (outcomes - found.read).total():
        yield f"{doubled:,} stamped or late events were not read, or not so often"


def _sums(found: SessionOutputs, sessions: Sequence[SessionRecord]) -> Iterator[str]:
    names = Counter[str]()
    for record in sessions:
        names.update(record.event_counts or {})
    if names != +found.names and "other" not in names:
        yield f"events by name: {names.total():,} in sessions, {found.names.total():,} stamped, or other names"
    totals = {
        "sessions": (len(sessions), found.deltas.sessions),
        "events": (sum(record.events for record in sessions), found.deltas.events),
        "page views": (sum(record.page_views for record in sessions), found.deltas.page_views),
        "engaged": (sum(record.is_engaged for record in sessions), found.deltas.engaged),
        "bounces": (sum(record.is_bounce for record in sessions), found.deltas.bounces),
        "duration": (sum(record.duration_ms for record in sessions), found.deltas.duration_ms),
    }
    for name, (total, deltas) in totals.items():
        if total != deltas:
            yield f"{name}: {total:,} in the newest records, {deltas:,} by the sum of all deltas"
    stamped = found.sessionized.total() - found.repeated
    if (events := totals["events"][0]) != stamped:
        yield f"events: {events:,} in sessions, {stamped:,} stamped"


def _versions(found: SessionOutputs) -> Iterator[str]:
    wrong = sum(record.version != found.records[name] for name, record in found.newest.items())
    if wrong:
        yield f"{wrong:,} sessions have a version twice, or lack one"
    lost = sum(
        record.superseded_by is not None and record.superseded_by not in found.newest
        for record in found.newest.values()
    )
    if lost:
        yield f"{lost:,} sessions became part of one that there is not"


def _share(flags: Iterable[bool]) -> float:
    counted = Counter(flags)
    total = counted.total()
    return round(counted[True] / total, 4) if total else 0.0


def _percentile(values: Sequence[int], share: float) -> int:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0
