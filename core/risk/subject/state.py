"""What the job keeps of an account as one packed value."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.security.labels import Finding
from core.packing import Packing
from core.risk.observation import Hit, Observation
from core.risk.subject.profile import Profile


class Found(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A facet's part, without the names of event and facet."""

    hits: tuple[Hit, ...] = ()
    seen: int = 0
    seen_in_country: int = 0


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The verdict that was told last. The same content with the same version has the same id."""

    version: int
    verdict_id: bytes
    """16 bytes."""
    supersedes: bytes = b""
    """Empty, or 16 bytes."""


class Entry(msgspec.Struct, array_like=True, gc=False):
    """An event in the log. New fields come last and have defaults."""

    observed: Observation
    found: dict[str, Found] = {}
    """Facet → what it found."""
    hits: dict[str, Hit] = {}
    """Rule → its hit: of facets, of habits and of the account's own windows."""
    is_learnt: bool = False
    is_learning: bool = False
    """Of the account, before the event."""
    likelihood: float | None = None
    live: Told | None = None
    shadow: Told | None = None
    is_cleared: bool = False
    """A label says that it was innocent: no later window builds on what was found of it."""


class Pending(msgspec.Struct, array_like=True, gc=False):
    """An event that waits for facets, or parts that wait for the event."""

    observed: Observation | None = None
    expected: list[str] = []
    found: dict[str, Found] = {}
    since: int = 0
    """Time of the account's newest event, when the first event came with it or after it; 0: none has come yet."""
    is_late: bool = False
    """The event came when later ones had left the log: it may be a repetition, so it changes nothing."""


class LabelNote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The label of an event that counts: the latest, equal times by id."""

    label_id: str
    finding: Finding
    at: int
    """``labelled_tstamp``."""
    event_at: int | None = None
    """Time of the event; None: of no event, or it is not known yet."""


class SubjectState(msgspec.Struct, array_like=True, gc=False):
    """New fields come last and have defaults. Times in ms since 1970 UTC; 0: never."""

    newest: int = 0
    """Time of the newest event."""
    log: list[Entry] = []
    """In the order of ``(at, identity)``."""
    profile: Profile = msgspec.field(default_factory=Profile)
    """Of the events up to ``dropped_at``."""
    dropped_at: int = 0
    """Time of the latest event that has left the log. Events of the log up to then are in the profile already: windows
    count them, and their habits stay as they were."""
    pending: dict[str, Pending] = {}
    """Identity of an event → what has come of it."""
    settled: list[Entry] = []
    """Events with reasons that have left the log, for labels that come late. In order."""
    labels: dict[str, LabelNote] = {}
    """Event id → its label. A label of the subject as a whole has ``:`` and its own id."""
    erased_at: int = 0
    """Nothing is kept of events up to this time, because the person asked for it."""

    def find(self, identity: str) -> Entry | None:
        """An event that is kept."""
        for entry in self.kept():
            if entry.observed.identity == identity:
                return entry
        return None

    def kept(self) -> Iterator[Entry]:
        yield from self.log
        yield from self.settled

    def judged_for_good(self) -> int:
        """Number of the log's first events whose habits stay as they were."""
        return bisect_right(self.log, self.dropped_at, key=_time) if self.dropped_at else 0


def _time(entry: Entry) -> int:
    return entry.observed.at


def _by_identity(body: bytes) -> bytes:
    """From format 1, which knew events by their id alone. Parts whose event had not come are dropped: their flow is not
    known.
    """
    newest, log, profile, dropped_at, pending, *others = msgspec.msgpack.decode(body, strict=False)
    waiting = {_identity(each[0]): each for each in pending.values() if each[0] is not None}
    log.sort(key=lambda entry: (entry[0][1], _identity(entry[0])))
    return msgspec.msgpack.encode([newest, log, profile, dropped_at, waiting, *others])


def _identity(observed: list[Any]) -> str:
    event_id, _, flow = observed[:3]
    return f"{flow}:{event_id}"


PACKING: Final = Packing(SubjectState, 2, {1: _by_identity})
pack = PACKING.pack
unpack = PACKING.unpack
