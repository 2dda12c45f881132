"""People who do what attackers do, too."""

from core.risk.security_event import SecurityEvent
from tests.assurance.backtest.people import (
    ABROAD,
    DAY,
    HOUR,
    MINUTE,
    MOBILE,
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
)
from tests.assurance.backtest.scene import Scene

_PHONE = browser("new-phone", "Mozilla/5.0 (iPhone) Safari/605")


def _arrive(numbers: range, place: Source, length: int, failures: list[int]) -> list[SecurityEvent]:
    """They sign in one after the other at one place with their own devices, some after wrong passwords."""
    found: list[SecurityEvent] = []
    for turn, number in enumerate(numbers):
        source, at = {**home(number), **place}, turn * length // len(numbers)
        wrong = failures[turn % len(failures)]
        found += [failure(at + n * 7_000, source, f"u{number}") for n in range(wrong)]
        found.append(success(at + wrong * 7_000, source, f"u{number}"))
    return found


def office_on_monday() -> Scene:
    office = network(64_900, "Berlin", "203.0.113.50")
    people = range(40)
    return Scene([*pasts(people), *_arrive(people, office, 20 * MINUTE, [1, 0, 0, 0])])


def carrier_with_200_accounts() -> Scene:
    people = range(200)
    return Scene([*pasts(people), *_arrive(people, MOBILE, HOUR, [2, 0, 0, 3, 0, 0, 1, 0])])


def carrier_in_a_busy_quarter_of_an_hour() -> Scene:
    people = range(100)
    return Scene([*pasts(people), *_arrive(people, MOBILE, 14 * MINUTE, [1, 0, 2, 0])])


def forgotten_password() -> Scene:
    own = home(1)
    wrong = [failure(n * MINUTE, own, "u1") for n in range(9)]
    reset = event("password_change", 12 * MINUTE, own, "u1", auth_outcome="success", auth_reason="reset")
    return Scene([*past("u1", own), *wrong, reset, success(13 * MINUTE, own, "u1"), _order(HOUR, own)])


def forgotten_password_on_the_telephone() -> Scene:
    """Of an account without a device id, on the road."""
    own, road = {**home(1), "device_id": None}, {**home(1), **MOBILE, "device_id": None}
    wrong = [failure(n * MINUTE, road, "u1") for n in range(9)]
    return Scene([*past("u1", own), *wrong, success(13 * MINUTE, road, "u1"), _order(HOUR, road)])


def traveller_with_another_sim() -> Scene:
    there = {**home(1), **ABROAD}
    change = event("password_change", 21 * HOUR, there, "u1", auth_outcome="success")
    return Scene(
        [
            *past("u1", home(1)),
            success(0, home(1), "u1"),
            success(20 * HOUR, there, "u1"),
            change,
            _order(22 * HOUR, there),
        ]
    )


def private_window_abroad() -> Scene:
    """No device id, as always."""
    own = {**home(1), "device_id": None}
    there = {**own, **ABROAD}
    return Scene([*past("u1", own), success(0, there, "u1"), _order(HOUR, there), _payout(2 * HOUR, there)])


def private_window_over_a_vpn() -> Scene:
    there = {**home(1), **ABROAD, **OVER_VPN, "geo_country": "NL", "device_id": None}
    return Scene([*past("u1", home(1)), success(0, there, "u1"), _order(HOUR, there), _payout(2 * HOUR, there)])


def new_telephone_abroad_with_second_factor() -> Scene:
    there = {**ABROAD, **_PHONE}
    return Scene([*past("u1", home(1)), success(0, there, "u1", auth_mfa="passed"), _order(HOUR, there)])


def new_telephone_at_home() -> Scene:
    there = {**home(1), **_PHONE}
    return Scene([*past("u1", home(1)), success(0, there, "u1"), *_new_telephone(there), _payout(3 * HOUR, there)])


def new_telephone_in_the_carriers_network() -> Scene:
    there = {**MOBILE, **_PHONE}
    return Scene([*past("u1", home(1)), success(0, there, "u1"), *_new_telephone(there)])


def _new_telephone(there: Source) -> list[SecurityEvent]:
    """What one does with it: a new second factor, a new password, an order."""
    return [
        event("mfa_change", 5 * MINUTE, there, "u1", auth_outcome="success"),
        event("password_change", 9 * MINUTE, there, "u1", auth_outcome="success"),
        _order(2 * HOUR, there),
    ]


def family_with_one_device() -> Scene:
    device = home(1)
    sign_ups = [event("sign_up", n * HOUR, device, f"child{n}", email_domain="gmail.com") for n in range(3)]
    visits = [success(4 * HOUR + n * 5 * MINUTE, device, f"u{n}") for n in range(4)]
    return Scene([*(each for n in range(4) for each in past(f"u{n}", device)), *sign_ups, *visits])


def many_devices() -> Scene:
    devices = [{**home(1), **browser(f"device-{n}", f"Mozilla/5.0 (Device {n})")} for n in range(9)]
    events = past("u1", *devices[:6], times=18)
    for n, each in enumerate(devices):
        events += [success(n * 10 * MINUTE, each, "u1"), _order(n * 10 * MINUTE + MINUTE, each)]
    return Scene(events)


def vpn_with_a_known_device() -> Scene:
    there = {**home(1), **OVER_VPN, **ABROAD, "as_number": 9009}
    return Scene(
        [
            *past("u1", home(1)),
            success(0, home(1), "u1"),
            success(HOUR, there, "u1"),
            _payout(2 * HOUR, there),
            _order(3 * HOUR, there),
        ]
    )


def updated_browser() -> Scene:
    own = {**home(1), "useragent": "Mozilla/5.0 (Windows NT 10.0) Chrome/127"}
    return Scene([*past("u1", home(1)), _mail(0, own), _payout(HOUR, own), _order(2 * HOUR, own)])


def session_on_the_way_to_work() -> Scene:
    own = {**home(1), "domain_sessionid": "session"}
    road = {**own, **MOBILE}
    return Scene([*past("u1", home(1)), success(0, own, "u1"), _order(10 * MINUTE, road), _mail(15 * MINUTE, road)])


def old_session_on_a_second_computer() -> Scene:
    second = {**home(1), **browser("second", "Mozilla/5.0 (Macintosh) Safari/605")}
    return Scene([*past("u1", home(1)), _order(0, second), _payout(HOUR, second)])


def old_session_on_a_computer_on_the_road() -> Scene:
    second = {**MOBILE, **browser("second", "Mozilla/5.0 (Macintosh) Safari/605")}
    return Scene([*past("u1", home(1)), _order(0, second)])


def everything_new_at_home() -> Scene:
    own = home(1)
    word = event("password_change", MINUTE, own, "u1", auth_outcome="success")
    return Scene([*past("u1", own), _mail(0, own), word, _payout(2 * MINUTE, own), _order(HOUR, own)])


def owner_during_an_attack() -> Scene:
    """A few wrong passwords by somebody at another address, and the owner at home."""
    return Scene(
        [
            *past("u1", home(1)),
            *(failure(n * MINUTE, {**MOBILE, **_PHONE}, "u1") for n in range(12)),
            success(HOUR, home(1), "u1"),
        ]
    )


def school_that_registers() -> Scene:
    school = network(64_901, "Berlin", "203.0.113.51")
    sign_ups = [
        event("sign_up", n * MINUTE, {**school, **browser(f"pupil-{n}")}, f"n{n}", email_domain="gmail.com")
        for n in range(25)
    ]
    return Scene(sign_ups)


def professional_with_60_listings() -> Scene:
    listings = [
        _listing(
            *(n, n * MINUTE, "u1"),
            registered=NOW - 900 * DAY,
            listing_has_link=True,
            listing_text_hash=f"{0x0123_4567_89AB_CDEF ^ n % 8:016x}",
        )
        for n in range(60)
    ]
    return Scene([*past("u1", home(1)), *listings])


def first_listings() -> Scene:
    """A telephone number in one, a bargain in another, and a clear-out."""
    at_first = event("sign_up", -HOUR, home(1), "n1", email_domain="gmail.com")
    contact = _listing(0, 0, "n1", listing_has_contact=True)
    bargain = _listing(1, MINUTE, "n1", listing_price_ratio=0.1)
    return Scene([at_first, contact, bargain, *(_listing(n, n * 5 * MINUTE, "n1") for n in range(2, 8))])


def cleared_attic() -> Scene:
    return Scene([_listing(n, n * 20 * MINUTE, "n1", registered=NOW - 3 * DAY) for n in range(25)])


def _listing(n: int, at: int, user: str, registered: int | None = None, **more: object) -> SecurityEvent:
    """Each has another text unless one is given."""
    text = f"{(n + 1) * 0x9E37_79B9_7F4A_7C15 % 2**64:016x}"
    known = {"listing_text_hash": text, "user_registered_tstamp": registered, "listing_price_ratio": 1.0, **more}
    return event("listing_create", at, home(1), user, **known)


def _order(at: int, source: Source) -> SecurityEvent:
    return event("checkout", at, source, "u1")


def _mail(at: int, source: Source) -> SecurityEvent:
    return event("email_change", at, source, "u1", auth_outcome="success")


def _payout(at: int, source: Source) -> SecurityEvent:
    return event("payout_change", at, source, "u1", auth_outcome="success")


INNOCENTS = (
    *(office_on_monday, carrier_with_200_accounts, carrier_in_a_busy_quarter_of_an_hour, forgotten_password),
    *(forgotten_password_on_the_telephone, traveller_with_another_sim, private_window_abroad),
    *(private_window_over_a_vpn, new_telephone_abroad_with_second_factor),
    *(new_telephone_at_home, new_telephone_in_the_carriers_network, family_with_one_device, many_devices),
    *(vpn_with_a_known_device, updated_browser, session_on_the_way_to_work, old_session_on_a_second_computer),
    *(old_session_on_a_computer_on_the_road, everything_new_at_home, owner_during_an_attack, school_that_registers),
    *(professional_with_60_listings, first_listings, cleared_attic),
)
