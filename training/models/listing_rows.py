"""For each view of a listing: what was known of it and of other candidates just before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from core.features.model import FeatureSet, Value
from core.features.source_events import BehaviourEvent
from core.scoring.inputs import ModelInputs
from training.models.states import FeatureStates

POPULARITY: Final = "listing__views__24h"
LAST_CATEGORIES: Final = "browser__last_categories__lifetime"
CATEGORY: Final = "listing__category__lifetime"
_RECENT_VIEWS = 3_000
"""From which candidates are drawn by popularity."""


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one moment; the first is the listing that was viewed."""

    event_id: str
    at: int
    """ms since 1970 UTC."""
    rows: list[list[float]]
    popularity: list[float]
    """Views in 24 hours of each candidate."""
    in_last_category: list[bool]
    """Whether a candidate has the category of the listing that the browser viewed last."""


class ListingRows:
    def __init__(self, features: FeatureSet, inputs: ModelInputs, seed: int) -> None:
        self.states = FeatureStates(features, "behaviour", ("browser", "listing"))
        self._inputs = inputs
        self._of_browser = self.states.wanted("browser", {*inputs.features, LAST_CATEGORIES})
        self._of_listing = self.states.wanted("listing", {*inputs.features, POPULARITY, CATEGORY})
        self._rng = Random(f"candidates {seed}")
        self._known: dict[str, None] = {}
        self._all: list[str] = []
        self._recent: deque[str] = deque(maxlen=_RECENT_VIEWS)
        self.left_out: list[int] = []
        """Times of the views that were wanted and have no group: nothing was known of the listing."""

    def groups(self, events: Iterable[BehaviourEvent], candidates: Callable[[BehaviourEvent], int]) -> Iterator[Group]:
        """:param events: in the order of arrival.
        :param candidates: of a view's group; 0: it has none. Asked for people's views that are in order.
        """
        for event in events:
            if self._is_view(event) and (number := candidates(event)):
                group = self._group(event, number)
                if group is None:
                    self.left_out.append(event.derived_tstamp)
                else:
                    yield group
            self.add(event)

    def add(self, event: BehaviourEvent) -> None:
        self.states.add(event)
        listing = event.listing_id
        if event.event_name == "listing_view" and listing and event.user_agent_is_crawler is not True:
            self._recent.append(listing)
            if listing not in self._known:
                self._known[listing] = None
                self._all.append(listing)

    def _is_view(self, event: BehaviourEvent) -> bool:
        """A late view has no group: what is known of the browser by then is of later events."""
        return (
            event.event_name == "listing_view"
            and event.listing_id is not None
            and event.domain_userid is not None
            and event.user_agent_is_crawler is not True
            and event.derived_tstamp > self.states.newest("browser", event.domain_userid)
        )

    def _group(self, event: BehaviourEvent, candidates: int) -> Group | None:
        viewed, browser_id = event.listing_id or "", event.domain_userid or ""
        if viewed not in self._known or len(self._all) < 2 * candidates:
            return None
        browser = self.states.values("browser", browser_id, self._of_browser, event.derived_tstamp)
        last = browser.get(LAST_CATEGORIES)
        newest_category = last[0] if isinstance(last, list) and last else None
        group = Group(event.event_id, event.derived_tstamp, [], [], [])
        for listing_id in (viewed, *self._others(viewed, candidates - 1)):
            listing = self.states.values("listing", listing_id, self._of_listing, event.derived_tstamp)
            group.rows.append(self._inputs.row({**browser, **listing}, {}).numbers)
            group.popularity.append(_count(listing.get(POPULARITY)))
            group.in_last_category.append(newest_category is not None and listing.get(CATEGORY) == newest_category)
        return group

    def _others(self, viewed: str, wanted: int) -> list[str]:
        """Different listings: half by popularity, half uniformly from all that were viewed before."""
        found: dict[str, None] = {}
        for turn in count():
            if len(found) == wanted:
                break
            pool = self._recent if turn % 2 else self._all
            listing = pool[int(self._rng.random() * len(pool))]
            if listing != viewed:
                found[listing] = None
        return list(found)


def _count(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
