"""The addresses and clients of an account's latest sessions."""

import msgspec

from contracts.fixed_topics import DAY_MS
from core.risk.observation import PLACE, Observation

SESSION_MS = DAY_MS
SESSIONS = 8
SESSION_VALUES = 16
"""A session is forgotten after a day; at most so many, and so many values of each, are kept."""
_ADDRESS, _CLIENT, _SESSION = PLACE["user_ipaddress"], PLACE["client"], PLACE["domain_sessionid"]


class Session(msgspec.Struct, array_like=True, gc=False):
    last: int
    """Time of its newest event, ms since 1970 UTC."""
    addresses: list[int]
    clients: list[int]

    def copy(self) -> "Session":
        return Session(self.last, list(self.addresses), list(self.clients))


def visit(sessions: dict[int, Session], observed: Observation) -> None:
    """The event happened."""
    key, address, client = observed.values[_SESSION], observed.values[_ADDRESS], observed.values[_CLIENT]
    if key is None:
        return
    session = sessions.get(key)
    if session is None:
        session = sessions[key] = Session(observed.at, [], [])
        _forget(sessions, observed.at - SESSION_MS)
    session.last = max(session.last, observed.at)
    for values, value in ((session.addresses, address), (session.clients, client)):
        if value is not None and value not in values and len(values) < SESSION_VALUES:
            values.append(value)


def in_session(sessions: dict[int, Session], observed: Observation) -> tuple[int, int]:
    """Number of addresses and of clients of the event's session, with the event's own."""
    key, address, client = observed.values[_SESSION], observed.values[_ADDRESS], observed.values[_CLIENT]
    session = sessions.get(key) if key is not None else None
    known = ((), ()) if session is None else (session.addresses, session.clients)
    return _with(known[0], address), _with(known[1], client)


def _forget(sessions: dict[int, Session], before: int) -> None:
    for key in [key for key, session in sessions.items() if session.last < before]:
        del sessions[key]
    if len(sessions) > SESSIONS:
        del sessions[min(sessions, key=lambda key: (sessions[key].last, key))]


def _with(known: list[int] | tuple[()], value: int | None) -> int:
    return len(known) + (value is not None and value not in known)
