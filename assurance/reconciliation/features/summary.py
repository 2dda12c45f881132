"""What a run says of features. The JSON keys are public: they must not change."""

import msgspec

from contracts.lookup_api.features import FeatureValue


class Freshness(msgspec.Struct, frozen=True):
    """From the event's arrival in the job to the state in the store, ms; None: nothing was written."""

    p50: float | None = None
    p99: float | None = None


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """Values that are served, against those of the offline computation over the same events at the same instant."""

    compared: int
    different: int
    examples: list[str] = []
    """The first ones that differ: name, served, computed. No ids."""


class Recommended(msgspec.Struct, frozen=True, kw_only=True):
    listing_id: str
    score: float
    features: dict[str, FeatureValue]


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """One browser of the run, as the services answer about it."""

    features: dict[str, FeatureValue]
    """Without those that have no value."""
    model: str | None = None
    """Name and version; None: no model answered."""
    recommended: list[Recommended] = []


class FeaturesSummary(msgspec.Struct, frozen=True, kw_only=True):
    events: int
    """Events of the purposes that feed features."""
    entities: int
    written: int
    """States written to the store."""
    freshness_ms: Freshness
    parity: Parity
    visitor: Visitor | None = None

    @property
    def balanced(self) -> bool:
        """Whether all that was compared is equal, and something was, if there were events."""
        return self.parity.different == 0 and (self.parity.compared > 0 or self.events == 0)
