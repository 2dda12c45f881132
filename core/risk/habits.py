"""What conditions may ask of an account's habits, by name. :mod:`core.risk.subject.habits` computes them.

Each is a function of the account's events before the one that is judged, and of that event. A *success* is a successful
sign-in. It is *learnt* if it was allowed (or, where the rule ``proven_sign_in`` matches, not denied), and not from a
network that the rule ``unremembered_network`` matches. A success whose challenge was passed, or that was found to be
innocent, is learnt and was not from anything new.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEVER = 2**53
"""Milliseconds since something that never was: greater than any limit, and exact as a float."""


@dataclass(frozen=True, slots=True)
class Habit:
    type: type[bool] | type[int] | type[float] | type[str]
    meaning: str
    may_lack: bool = False
    """The value can be None; a comparison with it is false."""


HABITS: Mapping[str, Habit] = MappingProxyType(
    {
        "user.is_account": Habit(bool, "the subject is a user, and not a browser or a device"),
        "user.first_seen_ms": Habit(int, "ms since the first event of the subject that was ever seen; 2**53 if none"),
        "user.sign_ins": Habit(int, "successes that were learnt before the event"),
        "user.is_learning": Habit(
            bool, "fewer than 10 successes learnt, and less than 14 days since the first of them"
        ),
        "user.new_device": Habit(
            bool, "the event's device is none of those of the last 20 learnt successes; false without any"
        ),
        "user.new_country": Habit(bool, "the same of the country"),
        "user.new_network": Habit(bool, "the same of the autonomous system"),
        "user.new_client": Habit(bool, "the same of user agent, language, screen and client hints as one"),
        "user.new_address": Habit(bool, "the same of the address"),
        "user.ms_since_new_device": Habit(
            int, "ms since the latest success, learnt or not, from a new device; 2**53 without one"
        ),
        "user.ms_since_new_country": Habit(int, "the same of the country, but for networks that are not remembered"),
        "user.ms_since_new_network": Habit(int, "the same of the autonomous system, but for networks not remembered"),
        "user.account_age_ms": Habit(int, "ms since the account was registered; 2**53 if that is unknown"),
        "user.failures_in_a_row": Habit(int, "failed sign-ins before the event since the last success"),
        "session.addresses": Habit(
            int, "addresses of the event's domain_sessionid, up to and with the event; counted to 16"
        ),
        "session.clients": Habit(int, "the same of clients"),
        "travel.known": Habit(
            bool, "there is a place of the event and of the last learnt success, 50 km or 10 min apart, or more"
        ),
        "travel.distance_km": Habit(float, "great-circle distance between the two; 0 if unknown"),
        "travel.speed_kmh": Habit(float, "the speed that it takes, in at least a minute; 0 if unknown"),
        "travel.minutes": Habit(float, "the time between the two, at least 1; 0 if unknown"),
        "likelihood": Habit(
            float, "of a sign-in: log of the ratio of attacker to owner; null if unknown", may_lack=True
        ),
        "flow": Habit(str, "what the person is about to do, as in the verdict"),
    }
)
"""Name in a condition → its type and meaning. The names of all rules are bool: the rule holds by the event's time."""
