"""What the job keeps of an account as one packed value.

The packed value begins with the number of its format. A value of an older format is brought up to the present one when
it is read; one of a newer format is refused, because to go on would lose what it holds.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from contracts.security.labels import Finding
from core.risk.observation import Hit, Observation
from core.risk.subject.profile import Profile

FORMAT = 1
_MARK = FORMAT.to_bytes(2)


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
    """In the order of ``(at, event_id)``."""
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


class UnknownFormatError(Exception):
    """The state is of a later version than this one."""


MIGRATIONS: Mapping[int, Callable[[bytes], bytes]] = MappingProxyType({})
"""Format → what makes the next format's bytes of its bytes."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SubjectState).decode


def pack(state: SubjectState) -> bytes:
    return _MARK + _encode(state)


def unpack(packed: bytes) -> SubjectState:
    """:raises UnknownFormatError: see above.
    :raises msgspec.MsgspecError: these bytes are no state.
    """
    written, body = int.from_bytes(packed[:2]), packed[2:]
    if written > FORMAT:
        raise UnknownFormatError(f"the state has format {written}; this version reads up to {FORMAT}")
    for number in range(written, FORMAT):
        body = MIGRATIONS[number](body)
    return _decode(body)
