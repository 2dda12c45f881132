"""One scenario, as its raw events tell it."""

from random import Random
from typing import Any, NamedTuple

import msgspec

from contracts.events.raw import Attributes, RawEvent
from producers.synthetic.attacks.acts import render
from producers.synthetic.attacks.cast import Cast
from producers.synthetic.attacks.catalogue import ATTACKS, INNOCENTS, VARIED_ATTACKS, VARIED_INNOCENTS
from producers.synthetic.attacks.script import Script
from producers.synthetic.marketplace import Marketplace

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
WRITERS = {**ATTACKS, **INNOCENTS, **VARIED_ATTACKS, **VARIED_INNOCENTS}


class Seen(NamedTuple):
    """One event. ``is_innocent``: the account's owner did it."""

    at_ms: int
    name: str
    user_id: str | None
    browser: str | None
    session: str | None
    address: str
    agent: str
    said: Attributes
    is_innocent: bool

    @property
    def failed(self) -> bool:
        return self.said.auth_outcome == "failure"

    @property
    def succeeded(self) -> bool:
        return self.name == "sign_in" and self.said.auth_outcome == "success"


def play(kind: str, marketplace: Marketplace, seed: int, *, above: bool = True) -> list[Seen]:
    """The events by time; the scenario begins at 0."""
    rng = Random(f"test {seed}")
    script = Script(Cast(marketplace, rng), marketplace, rng, above=above)
    WRITERS[kind](script)
    events = []
    for act in script.acts:
        event = msgspec.json.decode(render(act, act.offset_ms + HOUR_MS, rng), type=RawEvent)
        actor = event.actor
        events.append(
            Seen(
                act.offset_ms,
                event.event_name,
                actor.user_id,
                actor.domain_userid,
                actor.domain_sessionid,
                actor.user_ipaddress or "",
                actor.useragent or "",
                msgspec.json.decode(event.attributes, type=Attributes),
                act.is_innocent,
            )
        )
    return sorted(events, key=lambda seen: seen.at_ms)


def duration_ms(events: list[Seen]) -> int:
    return events[-1].at_ms - events[0].at_ms


def distinct(events: list[Seen], field: str) -> int:
    """Number of different values of a field of the event or its attributes, None not counted."""
    values: set[Any] = {getattr(each, field, None) or getattr(each.said, field, None) for each in events}
    return len(values - {None})
