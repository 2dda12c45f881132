"""The values of :data:`core.risk.habits.HABITS` for an event."""

from contracts.fixed_topics import DAY_MS
from core.risk.habits import NEVER
from core.risk.observation import Observation
from core.risk.subject.profile import ADDRESS, CLIENT, COUNTRY, DEVICE, NETWORK, Profile
from core.risk.subject.sessions import in_session
from core.risk.subject.travel import travel

LEARNT_SIGN_INS = 10
LEARNT_MS = 14 * DAY_MS
"""An account is known when it has one of them."""


def is_learning(profile: Profile, at: int) -> bool:
    return profile.sign_ins < LEARNT_SIGN_INS and (not profile.sign_ins or at - profile.first < LEARNT_MS)


def habits(profile: Profile, observed: Observation, likelihood: float | None) -> dict[str, object]:
    """:param profile: before the event."""
    at = observed.at
    addresses, clients = in_session(profile.sessions, observed)
    journey = travel(profile.place, observed)
    return {
        "user.is_account": observed.subject_kind == "user",
        "user.first_seen_ms": _since(profile.first_seen, at),
        "user.sign_ins": profile.sign_ins,
        "user.is_learning": is_learning(profile, at),
        "user.new_device": profile.is_new(DEVICE, observed),
        "user.new_country": profile.is_new(COUNTRY, observed),
        "user.new_network": profile.is_new(NETWORK, observed),
        "user.new_client": profile.is_new(CLIENT, observed),
        "user.new_address": profile.is_new(ADDRESS, observed),
        "user.ms_since_new_device": _since(profile.new[DEVICE], at),
        "user.ms_since_new_country": _since(profile.new[COUNTRY], at),
        "user.ms_since_new_network": _since(profile.new[NETWORK], at),
        "user.account_age_ms": NEVER if observed.registered is None else max(0, at - observed.registered),
        "user.failures_in_a_row": profile.failures,
        "session.addresses": addresses,
        "session.clients": clients,
        "travel.known": journey.known,
        "travel.distance_km": journey.distance_km,
        "travel.speed_kmh": journey.speed_kmh,
        "travel.minutes": journey.minutes,
        "likelihood": likelihood,
        "flow": observed.flow,
    }


def _since(time: int, at: int) -> int:
    """The time can be later than an event that came too late to be judged in its place."""
    return at - time if 0 < time <= at else NEVER
