"""The values of the features of ``in_memory.TEXT``, computed plainly from a list of events."""

from collections.abc import Sequence

from core.features.model import Value
from tests.applications.behaviour.keys_in_memory import Event

MINUTE, HOUR, QUARTER = 60_000, 3_600_000, 900_000


def _at(event: Event) -> int:
    at: int = event["derived_tstamp"]
    return at


def _views(events: Sequence[Event]) -> int:
    return sum(event["event_name"] == "listing_view" for event in events)


def _sum(events: Sequence[Event]) -> float:
    thousandths: int = sum(round(event["price"] * 1000) for event in events if "price" in event)
    return thousandths / 1000


def _last(events: Sequence[Event]) -> list[str] | None:
    found = [
        event["listing_id"]
        for event in sorted(events, key=lambda each: (_at(each), each.get("listing_id", "")))
        if "listing_id" in event
    ]
    return list(dict.fromkeys(reversed(found)))[:3] or None


def _since(events: Sequence[Event], t: int, length: int, hop: int) -> list[Event]:
    return [event for event in events if (t - length) // hop * hop <= _at(event) <= t]


def of_browser(events: Sequence[Event], t: int, session: tuple[int, int], idle: int) -> dict[str, Value]:
    """:param session: start and end of the browser's newest session.
    :param events: all that count, each once.
    """
    start, end = session
    current = [event for event in events if _at(event) >= start // MINUTE * MINUTE] if t <= end + idle else []
    day, hour = _since(events, t, 24 * HOUR, QUARTER), _since(events, t, HOUR, MINUTE)
    return {
        "browser__depth__1m": len(_since(events, t, MINUTE, 1_000)),
        "browser__depth__1h": len(hour),
        "browser__depth__session": len(current),
        "browser__views__1h": _views(hour),
        "browser__views__24h": _views(day),
        "browser__views__session": _views(current),
        "browser__sum__24h": _sum(day),
        "browser__last__lifetime": _last(events),
    }


def of_session(events: Sequence[Event], start: int, end: int) -> dict[str, Value]:
    """:param events: all of the visitor that count, each once."""
    own = [event for event in events if start // MINUTE <= _at(event) // MINUTE <= end // MINUTE]
    return {
        "session__depth__session": len(own),
        "session__views__session": _views(own),
        "session__sum__session": _sum(own),
        "session__last__session": _last(own),
    }
