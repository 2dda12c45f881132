"""What a feature is. Made by :mod:`core.features.declarations` from ``deploy/features.yaml``.

The name of a value is ``entity__feature__window``, such as ``browser__listing_views__1h``. Times and ages in ms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, TypeAlias

from core.features.source_events import Source

EntityName: TypeAlias = Literal["browser", "session", "user", "listing", "seller", "account"]
"""browser and session are kept by the job behaviour; the others by the job features, whose key is another one. user and
account are both a ``user_id``: the first by consented behaviour, the second by the purpose security."""
Kind: TypeAlias = Literal[
    "count",
    "sum",
    "min",
    "max",
    "mean",
    "first",
    "last",
    "last_n",
    "most_frequent",
    "approx_distinct",
    "recency",
    "ratio",
]
"""last_n: the newest n values, newest first; recency: ms since the newest event; ratio: of two other features, when it
is read."""
Value: TypeAlias = bool | int | float | str | list[str] | None
"""None: there is none, such as the mean of no event."""
ValueType: TypeAlias = Literal["int", "double", "string", "string_list"]
SCALE = 1000
"""Numbers are kept as whole thousandths, so that a sum is the same in any order."""
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
_HOPS = (
    (MINUTE_MS, SECOND_MS),
    (HOUR_MS, MINUTE_MS),
    (DAY_MS, 15 * MINUTE_MS),
    (7 * DAY_MS, 2 * HOUR_MS),
)
SESSION, LIFETIME = "session", "lifetime"
SESSION_HOP_MS = MINUTE_MS
SESSION_IDLE_MS = 30 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Window:
    """At the instant t it has the events with a time in [floor((t - length) / hop) * hop, t].

    The session has those in [floor(start of the session / hop) * hop, t] while it lasts, and none when it is over.
    The lifetime has all that the state has.
    """

    name: str
    """Such as 1m, 1h, 24h, 7d, session, lifetime."""
    length_ms: int
    """0 for session and lifetime."""
    hop_ms: int
    """Length of the tiles that it is made of; 0 for the lifetime, which is one tile."""


def hop_of(length_ms: int) -> int:
    """A second up to 1 m, a minute up to 1 h, a quarter of an hour up to 24 h, two hours up to 7 d, else a day."""
    return next((hop for length, hop in _HOPS if length_ms <= length), DAY_MS)


class Level(NamedTuple):
    """The tiles of one length that a feature needs."""

    hop_ms: int
    reach_ms: int
    """Its longest window that is made of them; 0: the session only."""
    of_session: bool
    """Whether they have to reach back as far as a session can."""


@dataclass(frozen=True, slots=True)
class Entity:
    name: EntityName
    source: Source
    key: str
    """The event's field with the entity's id; of a session: its visitor."""
    ttl_ms: int
    """So long after its newest event it is kept; a value that is older is OUTSIDE_MAX_AGE."""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    of: str
    """Name of a feature of the same entity."""
    to: str


@dataclass(frozen=True, kw_only=True)
class Feature:
    name: str
    entity: EntityName
    kind: Kind
    windows: tuple[Window, ...]
    version: int
    """Raised when its meaning changes: what was kept before is then not read."""
    description: str
    filter_text: str = ""
    filter: Callable[[Any], bool] | None = None
    """Takes the event; None: every event of the source that has the entity."""
    event_names: frozenset[str] | None = None
    """Of which events the filter can hold at all; None: any."""
    key: str = ""
    """The event's field with the entity's id where it is not the entity's own, such as the seller of a new listing."""
    value: str = ""
    """The event's field; empty for count and recency."""
    bands: tuple[float, ...] = ()
    """Upper limits: a number becomes the text of its band, such as ``20-50`` of 20, 50 and 100, or ``100-``; 20 is in
    it."""
    n: int = 0
    """Of last_n."""
    distinct: bool = False
    """Of last_n: each value once."""
    ratio: Ratio | None = None
    value_type: ValueType = "int"
    """Of what is served."""
    line: int = 0

    @cached_property
    def id(self) -> int:
        """32 bits of its name, its version and the form of what is kept: its place in a state, which outlives changes
        of the file around it. What another aggregation kept, or texts where it has numbers now, could not be read.
        """
        text = f"{self.entity}__{self.name}__v{self.version}__{self.kind}__{self.value_type}"
        return int.from_bytes(blake2b(text.encode(), digest_size=4).digest())

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Which tiles it needs. A session's features are kept in their visitor's tiles of a minute, whatever their
        windows are.
        """
        if self.entity == "session":
            return (Level(SESSION_HOP_MS, 0, True),)
        levels: dict[int, Level] = {}
        for window in self.windows:
            if window.hop_ms:
                known = levels.get(window.hop_ms, Level(window.hop_ms, 0, False))
                reach = max(known.reach_ms, window.length_ms)
                levels[window.hop_ms] = Level(window.hop_ms, reach, known.of_session or window.name == SESSION)
        return tuple(levels.values())

    @cached_property
    def has_lifetime(self) -> bool:
        """Whether it is kept for good, beside the tiles."""
        return self.entity != "session" and any(window.name == LIFETIME for window in self.windows)

    def value_name(self, window: Window) -> str:
        return f"{self.entity}__{self.name}__{window.name}"


@dataclass(frozen=True)
class FeatureSet:
    """All features of a file."""

    entities: Mapping[EntityName, Entity]
    features: tuple[Feature, ...]
    version: str
    """Digest of the file's meaning, in every stored record and every score."""
    counts_bots: bool = False
    """Whether events of crawlers feed features of the source behaviour. Those of security they always feed."""
    session_idle_ms: int = SESSION_IDLE_MS
    """After so long without an event the window ``session`` is empty. As in the job's sessions."""
    text: str = field(default="", repr=False)
    """The file, for those who pass the set on."""

    def counts_bots_of(self, source: Source) -> bool:
        """What protects accounts counts the events of tools, whatever the file says: attackers use them."""
        return self.counts_bots or source == "security"

    def of(self, entity: EntityName) -> tuple[Feature, ...]:
        return tuple(each for each in self.features if each.entity == entity)

    @cached_property
    def by_name(self) -> Mapping[tuple[EntityName, str], Feature]:
        """A ratio names its parts so."""
        return {(each.entity, each.name): each for each in self.features}

    @cached_property
    def by_value_name(self) -> Mapping[str, tuple[Feature, Window]]:
        """``browser__listing_views__1h`` → the feature and its window."""
        return {each.value_name(window): (each, window) for each in self.features for window in each.windows}


@dataclass(frozen=True, slots=True)
class FeatureProblem:
    """What is wrong with a file of features."""

    line: int
    reason: str
