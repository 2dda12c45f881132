"""The truth about a stream: a line for each event that concerns an account, for those who judge the judges.

A job never sees it, and no event has any of it.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from core.risk.security_event import FLOWS
from producers.record import Record
from producers.synthetic.attacks.catalogue import Intensity

Role = Literal["attempt", "success", "sign_up", "change", "checkout", "listing", "request"]
"""attempt: a sign-in that fails; success: one that succeeds; change: of password, e-mail, second factor or payout."""
_ROLES: dict[str, Role] = {
    "sign_up": "sign_up",
    "account_change": "change",
    "checkout": "checkout",
    "listing_create": "listing",
    "web_request": "request",
}
_NAME = re.compile(rb'"event_name":"([a-z_]+)"')


class Label(NamedTuple):
    """What an event belongs to. ``kind``: a scenario's, or ``ordinary``, or ``history``."""

    kind: str
    scenario: str | None = None
    intensity: Intensity | None = None
    is_attack: bool = False


ORDINARY = Label("ordinary")
HISTORY = Label("history")
Labelled = tuple[Record, Label]


class TruthLine(msgspec.Struct, frozen=True, kw_only=True):
    """``scenario`` is None for what belongs to no scenario, and for what its victim does."""

    event_id: str
    scenario: str | None
    kind: str
    intensity: Intensity | None
    """above, below: just above or below the thresholds; None for the innocent."""
    is_attack: bool
    role: Role
    subject: str
    """Id of the account, else of the browser, else of the device, else of the event."""


class _Actor(msgspec.Struct, frozen=True):
    user_id: str | None = None
    domain_userid: str | None = None


class _Attributes(msgspec.Struct, frozen=True):
    auth_outcome: str | None = None
    device_id: str | None = None


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    event_name: str
    actor: _Actor
    attributes: _Attributes


_read = msgspec.json.Decoder(_Event).decode


def truth_line(record: Record, label: Label) -> TruthLine | None:
    """None for what is no first delivery of a valid event that concerns an account."""
    if record.kind not in ("event", "late"):
        return None
    name = _NAME.search(record.value)
    if name is None or name[1].decode() not in FLOWS:
        return None
    event = _read(record.value)
    if event.event_name == "sign_in":
        role: Role = "success" if event.attributes.auth_outcome == "success" else "attempt"
    else:
        role = _ROLES[FLOWS[event.event_name]]
    return TruthLine(
        event_id=event.event_id,
        scenario=label.scenario,
        kind=label.kind,
        intensity=label.intensity,
        is_attack=label.is_attack,
        role=role,
        subject=event.actor.user_id or event.actor.domain_userid or event.attributes.device_id or event.event_id,
    )


def told(labelled: Iterable[Labelled], path: Path | None) -> Iterator[Record]:
    """The records; their truth goes to the file, as JSON lines. Raises OSError."""
    if path is None:
        for record, _ in labelled:
            yield record
        return
    with path.open("wb") as file:
        for record, label in labelled:
            line = truth_line(record, label)
            if line is not None:
                file.write(msgspec.json.encode(line) + b"\n")
            yield record
