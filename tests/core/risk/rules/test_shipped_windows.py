"""Each shipped correlation: holds just above its limits, not just below each of them, and not where excluded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

import msgspec
import pytest

from core.risk.observe import observe
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.reference_window import ReferenceWindow, holding_value, window_rule
from tests.core.risk.rules.rule_texts import SHIPPED
from tests.core.risk.windows.rules_of import observation

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_START = 1_800_000_000_000
Facts = Mapping[str, object]
_FAILURE: Facts = {"event_name": "sign_in", "auth_outcome": "failure", "user_ipaddress": "203.0.113.1"}
_HOSTED: Facts = {**_FAILURE, "as_number": 14061}
_TOOL: Facts = {**_FAILURE, "useragent": "python-requests/2.32"}
_SIGN_UP: Facts = {"event_name": "sign_up", "user_ipaddress": "203.0.113.1"}
_REQUEST: Facts = {"event_name": "http_request", "user_ipaddress": "203.0.113.1", "domain_userid": "v1"}
_LISTING: Facts = {"event_name": "listing_create", "user_id": "seller"}


def _shipped() -> RuleSet:
    found = load_rules(SHIPPED)
    assert isinstance(found, RuleSet), found
    return found


RULES = _shipped()


def _events(facts: Sequence[Facts], spread_ms: int) -> list[SecurityEvent]:
    """From the start, evenly, the last one ``spread_ms`` later."""
    step = spread_ms / max(1, len(facts) - 1)
    return [
        SecurityEvent(**{"event_id": f"event-{n:04}", "collector_tstamp": _START + round(step * n), **each})  # type: ignore[arg-type]
        for n, each in enumerate(facts)
    ]


def _each(base: Facts, count: int, **varying: Callable[[int], object]) -> list[Facts]:
    return [{**base, **{name: value(n) for name, value in varying.items()}} for n in range(count)]


def _users(base: Facts, counts: Iterable[int], **varying: Callable[[int], object]) -> list[Facts]:
    """For each count a user with so many events."""
    users = [f"u{number}" for number, count in enumerate(counts) for _ in range(count)]
    return [{**each, "user_id": users[n]} for n, each in enumerate(_each(base, len(users), **varying))]


def _address(every: int) -> Callable[[int], object]:
    return lambda n: f"198.51.100.{n % every}"


_STUFFING = [2] * 8 + [1] * 9  # 25 failures of 17 users
_SPRAY = [3] * 5
_CLIENT = [4, 3, 3, 3, 3, 3, 3, 3]  # 25 attempts on 8 accounts
_ONE = {"user_id": "u", "event_name": "sign_in", "user_ipaddress": "203.0.113.1"}
_HASH = 0x0123_4567_89AB_CDEF


def _similar(field: str, count: int, distance: int = 3) -> list[Facts]:
    """Listings of so many accounts. Each but the first differs from the first in ``distance`` bits, and no more."""
    flipped = _HASH ^ ((1 << distance) - 1)
    hashes = (
        [_HASH] + [flipped] * (count - 1)
        if distance <= 3
        else [_HASH ^ (((1 << 4) - 1) << 4 * n) for n in range(count)]
    )
    return [{**_LISTING, "user_id": f"seller-{n}", field: f"{each:016x}"} for n, each in enumerate(hashes)]


def _homes(base: Facts, counts: Iterable[int], addresses: int = 10) -> list[Facts]:
    """Failures by one make of client, each with another device, from many addresses."""
    return _users(
        {**base, "useragent": "Mozilla/5.0"}, counts, user_ipaddress=_address(addresses), device_id=lambda n: f"d{n}"
    )


def _with_successes(facts: Sequence[Facts], count: int) -> list[Facts]:
    """Others' successes before it, from the same place and client."""
    own = {**facts[0], "auth_outcome": "success"}
    return [*_each(own, count, user_id=lambda n: f"other-{n}"), *facts]


_PROBE: Facts = {**_REQUEST, "page_url": "https://www.example.org/wp-login.php", "http_status": 404}
_PAGE: Facts = {**_REQUEST, "page_url": "https://www.example.org/page", "http_method": "GET", "http_status": 200}
_IMAGE: Facts = {**_PAGE, "page_url": "https://www.example.org/image.png"}
_CRAWLER: Facts = {"user_agent_is_crawler": True}


def _sign_ups_among_people(count: int, people: int) -> list[Facts]:
    """So many sign-ups of two devices, at an address at which so many others sign in on their own devices."""
    signing_in = {**_FAILURE, "auth_outcome": "success"}
    others = _each(signing_in, people, user_id=lambda n: f"u{n}", device_id=lambda n: f"own-{n}")
    return [*others, *_each(_SIGN_UP, count, device_id=lambda n: f"d{n % 2}")]


_COPY: Facts = {**_LISTING, "listing_text_hash": "0123456789abcdef"}
ABOVE: Mapping[str, tuple[Sequence[Facts], int, float]] = {
    "credential_stuffing_address": (_users(_FAILURE, _STUFFING), 14 * _MINUTE, 25),
    "credential_stuffing_network": (_users(_HOSTED, _STUFFING, user_ipaddress=_address(5)), 14 * _MINUTE, 25),
    "password_spray_address": (_users(_FAILURE, _SPRAY), 5 * _MINUTE, 5),
    "password_spray_client": (_users(_TOOL, _CLIENT, user_ipaddress=_address(5)), 14 * _MINUTE, 25),
    "credential_stuffing_client": (_homes(_FAILURE, _STUFFING), 14 * _MINUTE, 25),
    "password_spray_slow": (_users(_FAILURE, [2] * 3 + [1] * 9), 239 * _MINUTE, 12),
    "password_cracking": (_each({**_FAILURE, "user_id": "u"}, 20), 59 * _MINUTE, 20),
    "cookieless_tool": (_each(_ONE, 10, device_id=lambda n: f"d{n % 7}"), 29 * _MINUTE, 10),
    "sign_ups_address": (_each(_SIGN_UP, 10, device_id=lambda n: f"d{n % 5}"), 59 * _MINUTE, 10),
    "sign_ups_address_many": (_each(_SIGN_UP, 40, device_id=lambda n: f"d{n}"), 59 * _MINUTE, 40),
    "sign_ups_alike": (_each({**_SIGN_UP, "useragent": "Mozilla/5.0"}, 10, device_id=str), 59 * _MINUTE, 10),
    "sign_ups_network": (_each({**_SIGN_UP, "as_number": 14061}, 10, user_ipaddress=_address(9)), 59 * _MINUTE, 10),
    "sign_ups_device": (_each({**_SIGN_UP, "device_id": "d"}, 4), 23 * _HOUR, 4),
    "sign_ups_email_domain": (_each({**_SIGN_UP, "email_domain": "odd.example"}, 10), 59 * _MINUTE, 10),
    "near_duplicate_texts": (_similar("listing_text_hash", 4), 23 * _HOUR, 4),
    "near_duplicate_images": (_similar("listing_image_hash", 4), 23 * _HOUR, 4),
    "many_listings": (_each(_LISTING, 10), 59 * _MINUTE, 10),
    "very_many_listings": (_each(_LISTING, 30), 23 * _HOUR, 30),
    "copied_text": (_each(_COPY, 10), 23 * _HOUR, 10),
    "texts_of_one_source": (
        [{**each, "user_ipaddress": f"198.51.100.{n % 2}"} for n, each in enumerate(_similar("listing_text_hash", 4))],
        23 * _HOUR,
        4,
    ),
    "stuffing_unknown_users": (_each(_FAILURE, 50), 14 * _MINUTE, 50),
    "sign_ups_address_flood": (_each(_SIGN_UP, 100, useragent=lambda n: f"agent {n % 25}"), 59 * _MINUTE, 100),
    "scanner": (_each(_PROBE, 3), 23 * _HOUR, 3),
    "scanner_address": (_each(_PROBE, 3, domain_userid=lambda n: f"v{n % 2}"), 23 * _HOUR, 3),
    "missing_pages": (_each({**_REQUEST, "http_status": 404}, 20), 23 * _HOUR, 20),
    "fast_reader": (_each(_PAGE, 15), 9 * _MINUTE, 15),
    "patient_reader": (_each(_PAGE, 20), 23 * _HOUR, 20),
    "many_errors": (_each({**_REQUEST, "http_status": 404}, 40), 9 * _MINUTE, 40),
    "many_tool_requests": (
        _each({**_REQUEST, "user_agent_is_crawler": True, "user_agent_crawler_name": "curl"}, 60),
        9 * _MINUTE,
        60,
    ),
    "post_flood": (_each({**_REQUEST, "http_method": "POST"}, 40), 4 * _MINUTE, 40),
}
"""Rule → events for which it holds only at the last one, over how many ms, and what it measures then."""
BELOW: Mapping[str, Mapping[str, tuple[Sequence[Facts], int]]] = {
    "credential_stuffing_address": {
        "24 failures": (_users(_FAILURE, [2] * 8 + [1] * 8), 14 * _MINUTE),
        "14 users": (_users(_FAILURE, [2] * 11 + [1] * 3), 14 * _MINUTE),
        "75% have one or two": (_users(_FAILURE, [3] * 4 + [1] * 12 + [1]), 14 * _MINUTE),
        "over more than 15 minutes": (_users(_FAILURE, _STUFFING), 16 * _MINUTE),
        "from two addresses": (_users(_FAILURE, _STUFFING, user_ipaddress=_address(2)), 14 * _MINUTE),
        "successes": (_users({**_FAILURE, "auth_outcome": "success"}, _STUFFING), 14 * _MINUTE),
        "seven successes": (_with_successes(_users(_FAILURE, _STUFFING), 7), 14 * _MINUTE),
        "14 without an account": (_each(_FAILURE, 14) + _users(_FAILURE, [11]), 14 * _MINUTE),
    },
    "credential_stuffing_client": {
        "24 failures": (_homes(_FAILURE, [2] * 8 + [1] * 8), 14 * _MINUTE),
        "14 users": (_homes(_FAILURE, [2] * 11 + [1] * 3), 14 * _MINUTE),
        "nine addresses": (_homes(_FAILURE, _STUFFING, addresses=9), 14 * _MINUTE),
        "four addresses of a program": (_users(_TOOL, _STUFFING, user_ipaddress=_address(4)), 14 * _MINUTE),
        "three successes": (_with_successes(_homes(_FAILURE, _STUFFING), 3), 14 * _MINUTE),
    },
    "password_spray_slow": {
        "14 failures": (_users(_FAILURE, [2] * 2 + [1] * 10), 230 * _MINUTE),
        "11 users": (_users(_FAILURE, [2] * 5 + [1] * 6), 230 * _MINUTE),
        "over more than four hours": (_users(_FAILURE, [2] * 3 + [1] * 9), 260 * _MINUTE),
        "lasting less than a quarter of an hour": (_users(_FAILURE, [2] * 3 + [1] * 9), 15 * _MINUTE - 1),
        "four successes": (_with_successes(_users(_FAILURE, [2] * 3 + [1] * 9), 4), 230 * _MINUTE),
    },
    "credential_stuffing_network": {
        "24 failures": (_users(_HOSTED, [2] * 8 + [1] * 8, user_ipaddress=_address(5)), 14 * _MINUTE),
        "14 users": (_users(_HOSTED, [2] * 11 + [1] * 3, user_ipaddress=_address(5)), 14 * _MINUTE),
        "four addresses": (_users(_HOSTED, _STUFFING, user_ipaddress=_address(4)), 14 * _MINUTE),
        "three each": (_users(_HOSTED, [3] * 15, user_ipaddress=_address(5)), 14 * _MINUTE),
        "no hosting network": (
            _users({**_HOSTED, "as_number": 3320}, _STUFFING, user_ipaddress=_address(5)),
            14 * _MINUTE,
        ),
    },
    "password_spray_address": {
        "14 attempts": (_users(_FAILURE, [3, 3, 3, 3, 2]), 30 * _MINUTE),
        "four users": (_users(_FAILURE, [4] * 4), 30 * _MINUTE),
        "one above eight": (_users(_FAILURE, [9, 2, 2, 2, 2]), 30 * _MINUTE),
        "half at two to six": (_users(_FAILURE, [2] * 5 + [1] * 5), 30 * _MINUTE),
        "lasting less than five minutes": (_users(_FAILURE, _SPRAY), 5 * _MINUTE - 1),
        "over more than an hour": (_users(_FAILURE, _SPRAY), 66 * _MINUTE),
        "four successes": (_with_successes(_users(_FAILURE, _SPRAY), 4), 30 * _MINUTE),
    },
    "password_spray_client": {
        "24 attempts": (_users(_TOOL, [3] * 8, user_ipaddress=_address(5)), 14 * _MINUTE),
        "seven users": (_users(_TOOL, [4, 4, 4, 4, 3, 3, 3], user_ipaddress=_address(5)), 14 * _MINUTE),
        "four addresses": (_users(_TOOL, _CLIENT, user_ipaddress=_address(4)), 14 * _MINUTE),
        "six for one": (_users(_TOOL, [6, 3, 3, 3, 3, 3, 2, 2], user_ipaddress=_address(5)), 14 * _MINUTE),
        "own devices": (
            _users(_TOOL, _CLIENT, user_ipaddress=_address(5), device_id=lambda n: f"d{n % 8}"),
            14 * _MINUTE,
        ),
        "one try each": (_users(_TOOL, [1] * 40, user_ipaddress=_address(5)), 14 * _MINUTE),
        "11 successes of the client": (
            _with_successes(_users(_TOOL, _CLIENT, user_ipaddress=_address(5)), 11),
            14 * _MINUTE,
        ),
    },
    "password_cracking": {
        "19 failures": (_each({**_FAILURE, "user_id": "u"}, 19), 59 * _MINUTE),
        "over more than an hour": (_each({**_FAILURE, "user_id": "u"}, 20), 61 * _MINUTE),
        "a forgotten password": (_each({**_FAILURE, "user_id": "u"}, 7), 4 * _MINUTE),
    },
    "cookieless_tool": {
        "six devices": (_each(_ONE, 11, device_id=lambda n: f"d{n % 6}"), 29 * _MINUTE),
        "nine attempts": (_each(_ONE, 9, device_id=lambda n: f"d{n}"), 29 * _MINUTE),
        "11 attempts without a device": (_each(_ONE, 11), 29 * _MINUTE),
        "12 attempts, two with a device": (
            _each(_ONE, 12, device_id=lambda n: "d" if n < 2 else None),
            29 * _MINUTE,
        ),
        "two addresses": (
            _each(_ONE, 10, device_id=lambda n: f"d{n}", user_ipaddress=_address(2)),
            29 * _MINUTE,
        ),
    },
    "sign_ups_address": {
        "nine": (_each(_SIGN_UP, 9), 59 * _MINUTE),
        "an address of many people": (_sign_ups_among_people(10, 6), 59 * _MINUTE),
        "own devices": (_each(_SIGN_UP, 11, device_id=lambda n: f"d{n % 6}"), 59 * _MINUTE),
        "over more than an hour": (_each(_SIGN_UP, 10), 61 * _MINUTE),
    },
    "sign_ups_address_many": {
        "an address of many people": (_sign_ups_among_people(41, 21), 59 * _MINUTE),
        "39": (_each(_SIGN_UP, 39, device_id=lambda n: f"d{n}"), 59 * _MINUTE),
        "over more than an hour": (_each(_SIGN_UP, 40, device_id=lambda n: f"d{n}"), 62 * _MINUTE),
    },
    "sign_ups_address_flood": {
        "99": (_each(_SIGN_UP, 99, useragent=lambda n: f"agent {n % 2}"), 59 * _MINUTE),
        "many makes of client": (_each(_SIGN_UP, 100, useragent=lambda n: f"agent {n % 26}"), 59 * _MINUTE),
    },
    "stuffing_unknown_users": {
        "49": (_each(_FAILURE, 49), 14 * _MINUTE),
        "wrong passwords of known users": (_users(_FAILURE, [1] * 60), 14 * _MINUTE),
        "13 people get in": (_with_successes(_each(_FAILURE, 50), 13), 14 * _MINUTE),
        "slower": (_each(_FAILURE, 50), 16 * _MINUTE),
    },
    "sign_ups_alike": {
        "nine": (_each({**_SIGN_UP, "useragent": "Mozilla/5.0"}, 9), 59 * _MINUTE),
        "two clients": (_each(_SIGN_UP, 18, useragent=lambda n: f"Mozilla/{n % 2}"), 59 * _MINUTE),
    },
    "sign_ups_network": {
        "nine": (_each({**_SIGN_UP, "as_number": 14061}, 9), 59 * _MINUTE),
        "no hosting network": (_each({**_SIGN_UP, "as_number": 3320}, 20), 59 * _MINUTE),
    },
    "sign_ups_device": {
        "three": (_each({**_SIGN_UP, "device_id": "d"}, 3), 23 * _HOUR),
        "over more than a day": (_each({**_SIGN_UP, "device_id": "d"}, 4), 25 * _HOUR),
    },
    "sign_ups_email_domain": {
        "nine": (_each({**_SIGN_UP, "email_domain": "odd.example"}, 9), 59 * _MINUTE),
        "no domain": (_each(_SIGN_UP, 20), 59 * _MINUTE),
    },
    **{
        f"near_duplicate_{what}s": {
            "three accounts": (_similar(f"listing_{what}_hash", 3), 23 * _HOUR),
            "one account": (
                [{**each, "user_id": "seller"} for each in _similar(f"listing_{what}_hash", 6)],
                23 * _HOUR,
            ),
            "eight bits apart": (_similar(f"listing_{what}_hash", 4, distance=4), 23 * _HOUR),
        }
        for what in ("text", "image")
    },
    "very_many_listings": {
        "29": (_each(_LISTING, 29), 23 * _HOUR),
        "slower": (_each(_LISTING, 30), 25 * _HOUR),
    },
    "copied_text": {
        "nine": (_each(_COPY, 9), 23 * _HOUR),
        "two accounts": (_each(_COPY, 18, user_id=lambda n: f"seller-{n % 2}"), 23 * _HOUR),
        "other texts": (_each(_LISTING, 20, listing_text_hash=lambda n: f"{n * 0x1111_1111_1111:016x}"), 23 * _HOUR),
    },
    "many_listings": {"nine": (_each(_LISTING, 9), 59 * _MINUTE), "slower": (_each(_LISTING, 10), 61 * _MINUTE)},
    "texts_of_one_source": {
        "three accounts": (
            [{**each, "user_ipaddress": "198.51.100.1"} for each in _similar("listing_text_hash", 3)],
            23 * _HOUR,
        ),
        "own addresses": (
            [{**each, "user_ipaddress": f"198.51.100.{n}"} for n, each in enumerate(_similar("listing_text_hash", 4))],
            23 * _HOUR,
        ),
        "unknown addresses": (_similar("listing_text_hash", 4), 23 * _HOUR),
    },
    "scanner_address": {
        "two": (_each(_PROBE, 2, domain_userid=lambda n: f"v{n}"), 23 * _HOUR),
        "one agent": (_each(_PROBE, 9), 23 * _HOUR),
        "over more than a day": (_each(_PROBE, 3, domain_userid=lambda n: f"v{n % 2}"), 25 * _HOUR),
    },
    "missing_pages": {
        "19": (_each({**_REQUEST, "http_status": 404}, 19), 23 * _HOUR),
        "a crawler": (_each({**_REQUEST, **_CRAWLER, "http_status": 404}, 30), 23 * _HOUR),
        "over more than a day": (_each({**_REQUEST, "http_status": 404}, 20), 26 * _HOUR),
    },
    "fast_reader": {
        "14": (_each(_PAGE, 14), 9 * _MINUTE),
        "four images": ([*_each(_IMAGE, 4), *_each(_PAGE, 15)], 9 * _MINUTE),
        "a crawler": (_each({**_PAGE, **_CRAWLER}, 30), 9 * _MINUTE),
        "slower": (_each(_PAGE, 15), 11 * _MINUTE),
    },
    "patient_reader": {
        "19": (_each(_PAGE, 19), 23 * _HOUR),
        "an image": ([_IMAGE, *_each(_PAGE, 20)], 23 * _HOUR),
        "a crawler": (_each({**_PAGE, **_CRAWLER}, 30), 23 * _HOUR),
        "slower": (_each(_PAGE, 20), 26 * _HOUR),
    },
    "scanner": {
        "two": (_each(_PROBE, 2), 23 * _HOUR),
        "answered": (_each({**_PROBE, "http_status": 200}, 9), 23 * _HOUR),
        "over more than a day": (_each(_PROBE, 3), 37 * _HOUR),
        "a reader": (_each({**_REQUEST, "page_url": "https://www.example.org/"}, 50), 9 * _MINUTE),
    },
    "many_errors": {
        "39": (_each({**_REQUEST, "http_status": 404}, 39), 9 * _MINUTE),
        "a reader": (_each({**_REQUEST, "http_status": 200}, 100), 9 * _MINUTE),
    },
    "many_tool_requests": {
        "59": (_each({**_REQUEST, "user_agent_is_crawler": True, "user_agent_crawler_name": "curl"}, 59), 9 * _MINUTE),
        "a browser": (_each(_REQUEST, 100), 9 * _MINUTE),
    },
    "post_flood": {
        "39": (_each({**_REQUEST, "http_method": "POST"}, 39), 4 * _MINUTE),
        "slower": (_each({**_REQUEST, "http_method": "POST"}, 40), 6 * _MINUTE),
    },
}
_OWN_PROXY: Facts = {"user_ipaddress": "10.1.2.3"}
_PROXIES: Mapping[str, Facts] = {
    "own_proxy": _OWN_PROXY,
    "company_proxy": {"as_organization_name": "Example Corp"},
}
_ROTATION: Mapping[str, Facts] = {"forced_rotation": {"auth_reason": "password_expired"}}
_PROFESSIONAL: Mapping[str, Facts] = {"professional_seller": {"user_type": "professional"}}
_ONLY_OWN_PROXY: Mapping[str, Facts] = {"own_proxy": _OWN_PROXY}
EXCLUDING: Mapping[str, Mapping[str, Facts]] = {
    "credential_stuffing_address": _PROXIES,
    "credential_stuffing_network": {"company_proxy": _PROXIES["company_proxy"]},
    "password_spray_address": {**_PROXIES, **_ROTATION},
    "password_spray_slow": {**_PROXIES, **_ROTATION},
    "password_spray_client": _ROTATION,
    "credential_stuffing_client": _ROTATION,
    "password_cracking": _ROTATION,
    **dict.fromkeys(("sign_ups_address", "sign_ups_address_many", "sign_ups_address_flood"), _ONLY_OWN_PROXY),
    **dict.fromkeys(("sign_ups_alike", "stuffing_unknown_users", "scanner_address"), _ONLY_OWN_PROXY),
    "sign_ups_email_domain": {"large_provider": {"email_domain": "gmail.com"}},
    "many_listings": _PROFESSIONAL,
    "very_many_listings": _PROFESSIONAL,
    "copied_text": _PROFESSIONAL,
    "many_errors": {"known_crawler": {"user_agent_is_crawler": True, "as_number": 15169}},
    "post_flood": {"own_proxy": _OWN_PROXY},
}
"""Rule → exclusion → what makes each event of :data:`ABOVE` excluded."""


@pytest.mark.parametrize("name", ABOVE)
def test_it_holds_just_above_its_limits(name: str) -> None:
    facts, spread, value = ABOVE[name]
    events = _events(facts, spread)

    assert holding_value(RULES, name, events) == value
    assert holding_value(RULES, name, events[:-1]) is None, "not one event earlier"


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in BELOW.items() for case in cases])
def test_it_does_not_hold_just_below_each_limit(name: str, case: str) -> None:
    assert holding_value(RULES, name, _events(*BELOW[name][case])) is None


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in EXCLUDING.items() for case in cases])
def test_excluded_events_do_not_count(name: str, case: str) -> None:
    facts, spread, _ = ABOVE[name]

    assert holding_value(RULES, name, _events([{**each, **EXCLUDING[name][case]} for each in facts], spread)) is None


TEMPORAL: Mapping[str, tuple[tuple[str, str], str, int]] = {
    "from_attacking_address": (("attacking_address", "sign_in_succeeded"), "user_ipaddress", 8 * _HOUR),
    "checkout_from_address": (("attacking_address", "checkout_made"), "user_ipaddress", 8 * _HOUR),
    "change_from_address": (("attacking_address", "account_changed"), "user_ipaddress", 8 * _HOUR),
    "checkout_from_network": (("credential_stuffing_network", "checkout_made"), "as_number", 8 * _HOUR),
    "change_from_network": (("credential_stuffing_network", "account_changed"), "as_number", 8 * _HOUR),
    "from_stuffing_client": (("credential_stuffing_client", "sign_in_succeeded"), "client", _HOUR),
    "from_stuffing_network": (("credential_stuffing_network", "sign_in_succeeded"), "as_number", 8 * _HOUR),
    "from_spray_client": (("password_spray_client", "sign_in_succeeded"), "client", _HOUR),
    "risky_then_change": (("risky_sign_in", "account_changed"), "user_id", 24 * _HOUR),
    "risky_then_checkout": (("risky_sign_in", "checkout_made"), "user_id", 24 * _HOUR),
    "change_then_checkout": (("risky_then_change", "checkout_made"), "user_id", 24 * _HOUR),
    "doubtful_then_change": (("doubtful_sign_in", "reach_changed"), "user_id", 24 * _HOUR),
    "risky_change_then_checkout": (("risky_change", "checkout_made"), "user_id", 24 * _HOUR),
    "signed_up_then_listed": (("signed_up", "listing_created"), "user_id", 24 * _HOUR),
}
"""What follows what in whose log. How such a rule is evaluated is tested where the logs are."""


@pytest.mark.parametrize("name", TEMPORAL)
def test_what_follows_an_attack(name: str) -> None:
    rules, group, timespan = TEMPORAL[name]
    rule = window_rule(RULES, name)

    assert rule.rule.correlation is not None
    assert rule.rule.correlation.type == "temporal_ordered"
    assert (rule.rule.correlation.rules, rule.rule.correlation.group_by) == (rules, (group,))
    assert (rule.counts, rule.timespan_ms) == (frozenset(rules), timespan)


def test_a_rewritten_account_in_whatever_order() -> None:
    rule = window_rule(RULES, "account_rewritten")

    assert rule.rule.correlation is not None
    assert (rule.rule.correlation.type, rule.timespan_ms) == ("temporal", _HOUR)
    assert rule.counts == {"email_changed", "password_changed", "payout_changed"}


_ATTACKS = frozenset(
    {
        *("credential_stuffing_address", "credential_stuffing_network", "credential_stuffing_client"),
        *("password_spray_address", "password_spray_slow", "password_spray_client", "password_cracking"),
        *("cookieless_tool", "stuffing_unknown_users"),
    }
)
_TESTED_ABOVE = ("attacking_address", "success_before_attack")
_ADDRESS_ATTACKS = (
    "credential_stuffing_address",
    "stuffing_unknown_users",
    "password_spray_address",
    "password_spray_slow",
)


@pytest.mark.parametrize("attack", [*sorted(_ATTACKS), "sign_in_failed"])
def test_a_success_after_any_attack_on_the_account(attack: str) -> None:
    rule = window_rule(RULES, "after_attack")
    failed = observation("failure", 1, [attack])
    succeeded = observation("success", 2, ["sign_in_succeeded"])

    assert rule.counts == {*_ATTACKS, "sign_in_succeeded"}
    assert rule.timespan_ms == 8 * _HOUR
    assert rule.holds(ReferenceWindow([failed, succeeded], rule.counts)) is (attack in _ATTACKS)
    assert not rule.holds(ReferenceWindow([succeeded], rule.counts))
    assert not rule.holds(ReferenceWindow([failed], rule.counts))


@pytest.mark.parametrize("attack", [*_ADDRESS_ATTACKS, "password_cracking", "sign_in_failed"])
def test_an_address_that_attacks(attack: str) -> None:
    rule = window_rule(RULES, "attacking_address")

    assert rule.counts == {*_ADDRESS_ATTACKS}
    assert rule.timespan_ms == 4 * _HOUR
    window = ReferenceWindow([observation("failure", 1, [attack])], rule.counts)
    assert rule.holds(window) is (attack in _ADDRESS_ATTACKS)


def _success_before(failures: int, successes: int) -> bool:
    rule = window_rule(RULES, "success_before_attack")
    events = [
        *(observation(f"s{n}", n, ["sign_in_succeeded"], values={"user_id": n + 1}) for n in range(successes)),
        *(observation(f"f{n}", 100 + n, ["attacking_address"], values={"user_id": 99}) for n in range(failures)),
    ]
    return rule.holds(ReferenceWindow(events, rule.counts))


def test_a_proven_success_is_no_attackers() -> None:
    owner = {**_FAILURE, "auth_outcome": "success", "auth_method": "passkey"}

    found = observe(SecurityEvent(event_id="e", collector_tstamp=1, **owner), RULES)  # type: ignore[arg-type]

    assert found is not None
    assert "success_before_attack" in found.excluded


def test_a_success_before_its_address_attacks() -> None:
    assert _success_before(15, 1)
    assert not _success_before(14, 1)
    assert not _success_before(15, 0)
    assert not _success_before(17, 2)
    assert _success_before(18, 2)


def test_successes_of_one_account_do_not_hide_the_others() -> None:
    own = _each({**_FAILURE, "auth_outcome": "success", "user_id": "attacker"}, 30)

    events = _events([*own, *_users(_FAILURE, _STUFFING)], 14 * _MINUTE)

    assert holding_value(RULES, "credential_stuffing_address", events) == 25


def test_a_program_that_stuffs_from_five_addresses() -> None:
    tries = _users(_TOOL, _STUFFING, user_ipaddress=_address(5))

    assert holding_value(RULES, "credential_stuffing_client", _events(tries, 14 * _MINUTE)) == 25


def test_invented_devices_do_not_hide_a_client() -> None:
    tries = _users(_TOOL, _CLIENT, user_ipaddress=_address(5), device_id=lambda n: f"d{n}")

    assert holding_value(RULES, "password_spray_client", _events(tries, 14 * _MINUTE)) == 25


@pytest.mark.parametrize(
    ("name", "earlier"),
    [
        ("password_spray_address", "credential_stuffing_address"),
        ("password_spray_slow", "credential_stuffing_address"),
        ("password_spray_slow", "password_spray_address"),
        ("stuffing_unknown_users", "credential_stuffing_address"),
    ],
)
def test_an_attack_has_one_name(name: str, earlier: str) -> None:
    facts, spread, _ = ABOVE[name]
    rule = window_rule(RULES, name)
    observed = [each for each in (observe(event, RULES) for event in _events(facts, spread)) if each is not None]
    named = msgspec.structs.replace(observed[0], matched=(*observed[0].matched, earlier))

    assert rule.holds(ReferenceWindow(observed, rule.counts))
    assert not rule.holds(ReferenceWindow([named, *observed[1:]], rule.counts))


def test_every_correlation_and_every_exclusion_has_its_cases() -> None:
    found = {
        each.rule.name: each.rule
        for each in chain(*RULES.facet_rules.values(), RULES.subject_rules)
        if each.rule.correlation
    }

    assert {*ABOVE, *TEMPORAL, "account_rewritten", "after_attack", *_TESTED_ABOVE} == set(found)
    assert set(BELOW) == set(ABOVE)
    assert {**{name: set(cases) for name, cases in EXCLUDING.items()}, "success_before_attack": {"proven"}} == {
        name: {exclusion.name for exclusion in rule.exclusions} for name, rule in found.items() if rule.exclusions
    }


def test_a_log_of_128_events_is_long_enough_for_every_facet() -> None:
    """A facet's log keeps its newest events only."""
    for rule in chain(*RULES.facet_rules.values()):
        assert (rule.rule.threshold or 0) <= 100, rule.rule.name
