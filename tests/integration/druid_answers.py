"""The expected answers to the business queries, computed from the enriched events in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Event = Mapping[str, Any]
Row = dict[str, Any]
_MOST = 20


def answers(events: Sequence[Event]) -> dict[str, list[Row]]:
    """Query → its rows, for all countries. Time series have buckets of one minute."""
    persons = [event for event in events if not _is_crawler(event)]
    return {
        "visitors_over_time": _over(persons, {"time": _minute}, _people),
        "events_over_time": _over(events, {"time": _minute, "event_name": _of("event_name")}, _count),
        "visitors_by_country": _top(persons, {"country": _of("geo_country", "(unknown)")}, _shoppers),
        "visitors_by_city": _top(_of_the_most(persons, _city), {"city": _city}, _shoppers),
        "browsers": _top(persons, {"browser": _of("user_agent_name", "(unknown)")}, _shoppers),
        "systems": _top(persons, {"os": _of("user_agent_os_name", "(unknown)")}, _shoppers),
        "traffic_sources": _top(
            [event for event in persons if _medium(event) != "internal"],
            {"medium": _medium, "source": _first_of("mkt_source", "refr_source", "refr_urlhost")},
            _visits,
        ),
        "campaigns": _top(
            [event for event in persons if event.keys() & {"mkt_campaign", "mkt_medium", "mkt_source"}],
            {name: _of(f"mkt_{name}", "(none)") for name in ("campaign", "medium", "source")},
            _visits,
        ),
        "crawlers": _ranked(
            _over(filter(_is_crawler, events), {"crawler": _of("user_agent_crawler_name", "(unnamed)")}, _count),
            ["events"],
        ),
        "crawler_share": _over(events, {"time": _minute}, lambda all_: {"share": _share(all_, _is_crawler)}),
        "conversion": _over(persons, {}, _funnel),
        "conversion_by_segment": _ranked(
            _over(persons, {"segment": _of("user_segment", "(no account)")}, _funnel), ["viewed"]
        ),
        "conversion_by_category": _ranked(_over(persons, {"category": _of("category", "(none)")}, _funnel), ["viewed"]),
        "revenue": _over(_orders(events), {"time": _minute, "currency": _of("currency", "(none)")}, _revenue),
        "revenue_by_category": _ranked(
            _over(
                _orders(events),
                {"currency": _of("currency", "(none)"), "category": _of("category", "(none)")},
                lambda orders: {"orders": len(orders)} | _revenue(orders),
            ),
            ["revenue"],
        ),
        "enrichment_delay": _over(events, {"time": _minute}, _delay),
        "enrichment_gaps": _over(events, {"time": _minute}, _gaps),
    }


def _over(
    events: Iterable[Event], by: Mapping[str, Callable[[Event], Any]], measure: Callable[[list[Event]], Row]
) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in events:
        groups[tuple(value(event) for value in by.values())].append(event)
    return [dict(zip(by, key, strict=True)) | measure(group) for key, group in sorted(groups.items())]


def _ranked(rows: list[Row], measures: list[str]) -> list[Row]:
    """The highest measures first; equal rows keep their order."""
    return sorted(rows, key=lambda row: [-row[name] for name in measures])[:_MOST]


def _top(
    events: Iterable[Event], by: Mapping[str, Callable[[Event], Any]], measure: Callable[[list[Event]], Row]
) -> list[Row]:
    return _ranked(_over(events, by, measure), ["visitors", "events"])


def _of_the_most(events: list[Event], value: Callable[[Event], str]) -> list[Event]:
    """The events whose value is among the 100 most frequent ones."""
    counts = Counter(map(value, events))
    most = set(sorted(counts, key=lambda each: (-counts[each], each))[:100])
    return [event for event in events if value(event) in most]


def _is_crawler(event: Event) -> bool:
    return event.get("user_agent_is_crawler", False) is True


def _minute(event: Event) -> str:
    at = datetime.fromtimestamp(event["collector_tstamp"] // 60_000 * 60, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _of(field: str, default: str = "") -> Callable[[Event], Any]:
    return lambda event: event.get(field, default)


def _first_of(*fields: str) -> Callable[[Event], Any]:
    return lambda event: next((event[field] for field in fields if field in event), "(none)")


_medium = _first_of("mkt_medium", "refr_medium")


def _city(event: Event) -> str:
    return (
        f"{event['geo_city']}, {event['geo_country']}" if {"geo_city", "geo_country"} <= event.keys() else "(unknown)"
    )


def _visitors(events: Iterable[Event]) -> set[str]:
    found = {event.get("domain_userid", event.get("user_id")) for event in events}
    return {visitor for visitor in found if visitor is not None}


def _orders(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event["event_name"] == "order"]


def _people(events: list[Event]) -> Row:
    sessions = {event["domain_sessionid"] for event in events if "domain_sessionid" in event}
    return {"visitors": len(_visitors(events)), "sessions": len(sessions)}


def _count(events: list[Event]) -> Row:
    return {"events": len(events)}


def _visits(events: list[Event]) -> Row:
    return _people(events) | _count(events)


def _shoppers(events: list[Event]) -> Row:
    return _visits(events) | {"orders": len(_orders(events))}


def _funnel(events: list[Event]) -> Row:
    viewed, carted, bought = (
        _visitors(event for event in events if event["event_name"] == name)
        for name in ("listing_view", "add_to_cart", "order")
    )
    return {"viewed": len(viewed), "put_in_cart": len(viewed & carted), "ordered": len(viewed & carted & bought)}


def _revenue(orders: list[Event]) -> Row:
    return {"revenue": sum(order["price"] * order.get("quantity", 1) for order in orders)}


def _share(events: list[Event], condition: Callable[[Event], bool]) -> float:
    return sum(map(condition, events)) / len(events)


def _delay(events: list[Event]) -> Row:
    delays = [event["etl_tstamp"] - event["collector_tstamp"] for event in events]
    return {"mean_ms": sum(delays) / len(delays), "max_ms": max(delays)}


def _gaps(events: list[Event]) -> Row:
    statuses = {"geo": "geo_status", "network": "network_status", "account": "user_status", "listing": "listing_status"}
    return {
        name: _share(events, lambda event, status=status: event[status] in {"timeout", "error"})  # type: ignore[misc]
        for name, status in statuses.items()
    }
