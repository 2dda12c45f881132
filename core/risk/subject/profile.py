"""What is known of an account before an event: the fold of all its events up to then, in their order.

The packed state has the profile of the events up to the latest that has left the log. The profile before an event of
the log is that one, with the log's later events before it folded in as well.
"""

from bisect import insort
from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

import msgspec

from core.risk.observation import PLACE, Observation, ValueField, digest
from core.risk.rules.known_names import PROVEN_SIGN_IN, SIGN_IN_FAILED, SIGN_IN_SUCCEEDED, UNREMEMBERED_NETWORK
from core.risk.subject.sessions import Session, visit

COMPARED = 20
"""Successes that an event is compared with (shared practice: /reference/account_security, "learning")."""
FEATURES: tuple[ValueField, ...] = ("device_id", "geo_country", "as_number", "client", "user_ipaddress")
"""In the order of ``Success.slots``."""
DEVICE, COUNTRY, NETWORK, CLIENT, ADDRESS = range(len(FEATURES))
_PLACES = tuple(PLACE[name] for name in FEATURES)


class Success(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A learnt sign-in. An account has few devices and addresses, so their values are kept once, in the profile."""

    event: int
    """32 bits of the digest of the event's id: it is compared with 20 others."""
    at: int
    slots: tuple[int, ...]
    """Place of each feature's value in ``Profile.known``; -1: none."""
    place: int = -1
    """Place in ``Profile.places``; -1: none."""
    is_proven: bool = False
    """It proved the owner, so that a suspicion does not take it back."""


class Place(NamedTuple):
    latitude: float
    longitude: float
    at: int


class Profile(msgspec.Struct, array_like=True, gc=False):
    """New fields come last and have defaults. Times in ms since 1970 UTC; 0: never."""

    sign_ins: int = 0
    """Successes learnt."""
    first: int = 0
    """Of the first success learnt."""
    successes: list[Success] = []
    """The last ones learnt, oldest first."""
    new: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0])
    """Time of the latest success from a new device, country and network."""
    failures: int = 0
    """In a row."""
    place: Place | None = None
    """Of the last success learnt that has one."""
    sessions: dict[int, Session] = {}
    known: list[int] = []
    """Values of the successes; 0: a free place."""
    places: list[tuple[float, float]] = []
    """Latitude and longitude of the successes. What no success names is free."""
    first_seen: int = 0
    """Of the first event."""

    def copy(self) -> "Profile":
        sessions = {key: session.copy() for key, session in self.sessions.items()}
        return Profile(
            self.sign_ins,
            self.first,
            list(self.successes),
            list(self.new),
            self.failures,
            self.place,
            sessions,
            list(self.known),
            list(self.places),
            self.first_seen,
        )

    def is_new(self, feature: int, observed: Observation) -> bool:
        """The event has a value of the feature that no compared success has. False without a success."""
        value = observed.values[_PLACES[feature]]
        if value is None or not self.successes:
            return False
        if value not in self.known:
            return True
        slot = self.known.index(value)
        # Most events are like the latest success.
        return all(success.slots[feature] != slot for success in reversed(self.successes))

    def count(self, feature: int, value: int) -> int:
        """Compared successes that have the value."""
        if value not in self.known:
            return 0
        slot = self.known.index(value)
        return sum(success.slots[feature] == slot for success in self.successes)

    def fold(self, observed: Observation, *, is_learnt: bool, is_cleared: bool = False) -> None:
        """The event happened.

        :param is_cleared: a label says that it was innocent, so nothing of it was new.
        """
        visit(self.sessions, observed)
        self.first_seen = min(self.first_seen or observed.at, observed.at)
        if SIGN_IN_SUCCEEDED in observed.matched:
            self.failures = 0
            is_remembered = UNREMEMBERED_NETWORK not in observed.matched
            for feature in () if is_cleared else (DEVICE, COUNTRY, NETWORK):
                if (feature == DEVICE or is_remembered) and self.is_new(feature, observed):
                    self.new[feature] = max(self.new[feature], observed.at)
            if is_learnt:
                self.learn(observed)
        elif SIGN_IN_FAILED in observed.matched:
            self.failures += 1

    def learn(self, observed: Observation) -> None:
        slots = tuple(self._slot(observed.values[place]) for place in _PLACES)
        success = Success(
            short(observed.event_id), observed.at, slots, self._place_of(observed), PROVEN_SIGN_IN in observed.matched
        )
        insort(self.successes, success, key=attrgetter("at"))
        if len(self.successes) > COMPARED:
            dropped = self.successes.pop(0)
            if not {*dropped.slots} <= {*self.successes[-1].slots}:
                self._free()
        self.sign_ins += 1
        self.first = min(self.first or observed.at, observed.at)
        if observed.latitude is None or observed.longitude is None:
            return
        if self.place is None or self.place.at <= observed.at:
            self.place = Place(observed.latitude, observed.longitude, observed.at)

    def time_of(self, event_id: str) -> int | None:
        """When the event happened, if it is one of the compared successes."""
        event = short(event_id)
        return next((success.at for success in self.successes if success.event == event), None)

    def clear(self, observed: Observation) -> None:
        """Nothing of this event, which was folded already, was new to the owner."""
        self.new = [0 if time == observed.at else time for time in self.new]
        if self.time_of(observed.event_id) is None:
            self.learn(observed)

    def forget(self, is_foreign: Callable[[Success], bool]) -> bool:
        """Some successes were no habits of the owner's.

        :return: whether there were any.
        """
        foreign = [success for success in self.successes if is_foreign(success)]
        if not foreign:
            return False
        are_all = self.sign_ins == len(self.successes)
        self.successes = [success for success in self.successes if success not in foreign]
        self.sign_ins -= len(foreign)
        if are_all:
            self.first = self.successes[0].at if self.successes else 0
        if self.place is not None and any(success.at == self.place.at for success in foreign):
            self.place = self._last_place()
        self._free()
        return True

    def _slot(self, value: int | None) -> int:
        if value is None:
            return -1
        for wanted in (value, 0):
            if wanted in self.known:
                slot = self.known.index(wanted)
                self.known[slot] = value
                return slot
        self.known.append(value)
        return len(self.known) - 1

    def _place_of(self, observed: Observation) -> int:
        if observed.latitude is None or observed.longitude is None:
            return -1
        place = (observed.latitude, observed.longitude)
        if place in self.places:
            return self.places.index(place)
        used = {success.place for success in self.successes}
        for slot in range(len(self.places)):
            if slot not in used:
                self.places[slot] = place
                return slot
        self.places.append(place)
        return len(self.places) - 1

    def _last_place(self) -> Place | None:
        for success in reversed(self.successes):
            if success.place >= 0:
                return Place(*self.places[success.place], success.at)
        return None

    def _free(self) -> None:
        used = {slot for success in self.successes for slot in success.slots}
        self.known = [value if slot in used else 0 for slot, value in enumerate(self.known)]


def short(event_id: str) -> int:
    """As ``Success.event``."""
    return digest(event_id) & 0xFFFF_FFFF
