"""Attacks in other forms than the generator's."""

from collections.abc import Sequence

from core.risk.security_event import SecurityEvent
from tests.assurance.backtest.people import (
    ABROAD,
    DAY,
    HOSTED,
    HOUR,
    MINUTE,
    NOW,
    OVER_VPN,
    Source,
    browser,
    event,
    failure,
    home,
    network,
    past,
    pasts,
    success,
    tool,
)
from tests.assurance.backtest.scene import Scene

_THIEF = browser("thief", "Mozilla/5.0 (X11; Linux) Firefox/127")
_HOUSEHOLD = network(64_999, "Berlin", "203.0.113.5")
_SAME = browser(None)


def _stuffing(sources: Sequence[Source], named: int = 30, nameless: int = 0) -> list[SecurityEvent]:
    """Within 12 minutes, one attempt for each account, from the sources in turn."""
    users = [f"u{n}" for n in range(named)] + [None] * nameless
    step = 12 * MINUTE // len(users)
    return [failure(n * step, sources[n % len(sources)], user) for n, user in enumerate(users)]


def _rotating(place: Source, number: int = 60) -> list[Source]:
    """One browser at one place, as a new device each time."""
    return [{**place, **_SAME, "device_id": f"d{n}", "domain_userid": f"b{n}"} for n in range(number)]


def _homes(number: int, client: Source) -> list[Source]:
    """The same client in so many households."""
    return [{**network(64_700 + n, "Berlin", f"198.51.100.{n}"), **client} for n in range(number)]


def unknown_users() -> Scene:
    attempts = _stuffing([{**_HOUSEHOLD, **tool()}], named=0, nameless=30)
    return Scene(attempts, stopped=attempts)


def half_of_the_users_unknown() -> Scene:
    attempts = _stuffing([{**_HOUSEHOLD, **tool()}], named=13, nameless=13)
    return Scene(attempts, stopped=attempts)


def unknown_users_from_a_hosting_network() -> Scene:
    sources = [{**HOSTED, **tool(), "user_ipaddress": f"95.217.1.{n}", "useragent": f"tool/{n}"} for n in range(9)]
    attempts = _stuffing(sources, named=0, nameless=30)
    return Scene(attempts, stopped=attempts)


def device_ids_that_rotate() -> Scene:
    attempts = _stuffing(_rotating(_HOUSEHOLD))
    return Scene(attempts, stopped=attempts)


def hired_households() -> Scene:
    sources = [{**each, "device_id": f"d{n}"} for n, each in enumerate(_homes(40, _SAME))]
    attempts = _stuffing(sources, named=40)
    return Scene(attempts, stopped=attempts)


def households_and_a_tool_without_cookies() -> Scene:
    attempts = _stuffing(_homes(15, tool()))
    return Scene(attempts, stopped=attempts)


def success_first_and_failures_then() -> Scene:
    source = {**_HOUSEHOLD, **_SAME, "device_id": "one"}
    first = success(-1, source, "u1")
    attempts = _stuffing([source])
    return Scene([*past("u1", home(1)), first, *attempts], stopped=[first, *attempts])


def success_in_another_place_after_stuffing() -> Scene:
    attempts = _stuffing([{**_HOUSEHOLD, **tool()}])
    there = {**network(64_998, "Munich", "203.0.113.6"), **_THIEF}
    entry = success(4 * HOUR, there, "u3")
    change = event("password_change", 4 * HOUR + MINUTE, there, "u3", auth_outcome="success")
    order = event("checkout", 4 * HOUR + 9 * MINUTE, there, "u3")
    return Scene([*past("u3", home(3)), *attempts, entry, change, order], stopped=[*attempts, entry, change, order])


def slow_spraying() -> Scene:
    attempts = [failure(n * 3 * MINUTE, {**_HOUSEHOLD, **tool()}, f"u{n}") for n in range(20)]
    return Scene(attempts, stopped=attempts)


def success_after_slow_spraying() -> Scene:
    source = {**_HOUSEHOLD, **tool()}
    attempts = [failure(n * 10 * MINUTE, source, f"u{n}") for n in range(20)]
    entry = success(5 * HOUR, source, "u7")
    return Scene([*past("u7", home(7)), *attempts, entry], stopped=[*attempts, entry])


def cracking_from_many_addresses() -> Scene:
    sources = _homes(25, _THIEF)
    attempts = [failure(n * 2 * MINUTE, sources[n], "u1") for n in range(25)]
    entry = success(HOUR, sources[3], "u1")
    return Scene([*past("u1", home(1)), *attempts, entry], stopped=[*attempts, entry])


def sign_ups_of_a_household() -> Scene:
    sign_ups = [event("sign_up", n * MINUTE, each, f"n{n}") for n, each in enumerate(_rotating(_HOUSEHOLD, 45))]
    return Scene(sign_ups, stopped=sign_ups)


def sign_ups_by_a_tool_in_an_unknown_network() -> Scene:
    place = network(None, "nowhere", "203.0.113.9")
    sign_ups = [
        event("sign_up", n * 2 * MINUTE, {**place, **tool(device_id=f"d{n}", domain_userid=f"b{n}")}, f"n{n}")
        for n in range(15)
    ]
    return Scene(sign_ups, stopped=sign_ups)


def _take_over(before: list[SecurityEvent], there: Source, entry_is_stopped: bool = True) -> Scene:
    entry = success(0, there, "u1")
    change = event("email_change", 5 * MINUTE, there, "u1", auth_outcome="success")
    order = event("checkout", 20 * MINUTE, there, "u1")
    stopped = [entry, change, order] if entry_is_stopped else [change, order]
    return Scene([*before, entry, change, order], stopped=stopped)


def take_over_without_data_of_networks() -> Scene:
    own, there = {**home(1), "as_number": None}, {**ABROAD, **_THIEF, "as_number": None}
    return _take_over(past("u1", own), there)


def take_over_without_cities() -> Scene:
    nowhere = {"geo_city": None, "geo_latitude": None, "geo_longitude": None}
    return _take_over(past("u1", {**home(1), **nowhere}), {**ABROAD, **_THIEF, **nowhere})


def take_over_by_a_client_without_device() -> Scene:
    return _take_over(past("u1", home(1)), {**ABROAD, **browser(None)})


def take_over_over_a_vpn_in_the_own_country() -> Scene:
    return _take_over(past("u1", home(1)), {**OVER_VPN, **_THIEF}, entry_is_stopped=False)


def take_over_from_a_household_in_the_own_country() -> Scene:
    return _take_over(past("u1", home(1)), {**_HOUSEHOLD, **_THIEF}, entry_is_stopped=False)


def _changes(there: Source, start: int = 0) -> list[SecurityEvent]:
    names = ("email_change", "password_change", "payout_change")
    return [event(name, start + n * 5 * MINUTE, there, "u1", auth_outcome="success") for n, name in enumerate(names)]


def changes_on_another_device_without_a_sign_in() -> Scene:
    there = {**_HOUSEHOLD, **_THIEF}
    mail, password, payout = _changes(there)
    order = event("checkout", 30 * MINUTE, there, "u1")
    return Scene([*past("u1", home(1)), mail, password, payout, order], stopped=[mail, payout, order])


def changes_with_the_owners_device_id_and_client() -> Scene:
    """Only the address says that it is somebody else: what all three changes together cost is stopped."""
    there = {**home(1), **_HOUSEHOLD}
    mail, password, payout = _changes(there)
    order = event("checkout", 30 * MINUTE, there, "u1")
    return Scene([*past("u1", home(1)), mail, password, payout, order], stopped=[payout, order])


def session_in_another_browser() -> Scene:
    own = {**home(1), "domain_sessionid": "session"}
    there = {**own, **_HOUSEHOLD, "useragent": "Mozilla/5.0 (X11; Linux) Firefox/127"}
    order = event("checkout", 10 * MINUTE, there, "u1")
    change = event("payout_change", 12 * MINUTE, there, "u1", auth_outcome="success")
    return Scene([*past("u1", home(1)), success(0, own, "u1"), order, change], stopped=[order, change])


def session_in_a_program() -> Scene:
    own = {**home(1), "domain_sessionid": "session"}
    there = {**own, **HOSTED, **tool()}
    order = event("checkout", 10 * MINUTE, there, "u1")
    return Scene([*past("u1", home(1)), success(0, own, "u1"), order], stopped=[order])


def checkout_abroad_without_a_sign_in() -> Scene:
    order = event("checkout", 0, {**ABROAD, **_THIEF}, "u1")
    return Scene([*past("u1", home(1)), order], stopped=[order])


def _listing(n: int, at: int, user: str = "n1", registered: int | None = None, **more: object) -> SecurityEvent:
    """The texts are different unless one is given."""
    text = f"{(n + 1) * 0x9E37_79B9_7F4A_7C15 % 2**64:016x}"
    known = {"listing_text_hash": text, "user_registered_tstamp": registered, **more}
    return event("listing_create", at, home(9), user, **known)


def many_listings_of_a_new_account() -> Scene:
    listings = [_listing(n, n * 4 * MINUTE) for n in range(15)]
    return Scene([event("sign_up", -HOUR, home(9), "n1"), *listings], stopped=listings[9:])


def contact_and_link_of_a_new_account() -> Scene:
    listing = _listing(0, 0, listing_has_contact=True, listing_has_link=True)
    return Scene([event("sign_up", -HOUR, home(9), "n1"), listing], stopped=[listing])


def contact_and_bait_of_a_new_account() -> Scene:
    cheap = _listing(0, 0, registered=NOW - HOUR, listing_has_contact=True, listing_price_ratio=0.1)
    dear = _listing(1, HOUR, registered=NOW - HOUR, listing_has_contact=True, listing_price_ratio=8.0)
    return Scene([cheap, dear], stopped=[cheap, dear])


def days_of_listings_of_a_young_account() -> Scene:
    listings = [_listing(n, n * 40 * MINUTE, registered=NOW - 3 * DAY) for n in range(34)]
    return Scene(listings, stopped=listings[29:])


def one_text_of_a_young_account() -> Scene:
    text = 0x0123_4567_89AB_CDEF
    listings = [
        _listing(n, n * HOUR, registered=NOW - 3 * DAY, listing_text_hash=f"{text ^ (1 << n % 3):016x}")
        for n in range(14)
    ]
    return Scene(listings, stopped=listings[9:])


def ring_of_old_accounts() -> Scene:
    listings = [_listing(0, n * HOUR, user=f"u{n}") for n in range(5)]
    return Scene([*pasts(range(5)), *listings], stopped=listings)


ATTACKS = (
    *(unknown_users, half_of_the_users_unknown, unknown_users_from_a_hosting_network, device_ids_that_rotate),
    *(hired_households, households_and_a_tool_without_cookies, success_first_and_failures_then),
    *(success_in_another_place_after_stuffing, slow_spraying, success_after_slow_spraying),
    *(cracking_from_many_addresses, sign_ups_of_a_household, sign_ups_by_a_tool_in_an_unknown_network),
    *(take_over_without_data_of_networks, take_over_without_cities, take_over_by_a_client_without_device),
    *(take_over_over_a_vpn_in_the_own_country, take_over_from_a_household_in_the_own_country),
    *(changes_on_another_device_without_a_sign_in, changes_with_the_owners_device_id_and_client),
    *(session_in_another_browser, session_in_a_program, checkout_abroad_without_a_sign_in),
    *(many_listings_of_a_new_account, contact_and_link_of_a_new_account, contact_and_bait_of_a_new_account),
    *(days_of_listings_of_a_young_account, one_text_of_a_young_account, ring_of_old_accounts),
)
