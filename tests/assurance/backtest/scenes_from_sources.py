"""Attacks of one source on many accounts, and what looks like them, after a review of the rules."""

from core.risk.security_event import SecurityEvent
from tests.assurance.backtest.people import (
    ABROAD,
    DAY,
    HOSTED,
    HOUR,
    MINUTE,
    MOBILE,
    NOW,
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

_HOUSEHOLD = network(64_999, "Berlin", "203.0.113.5")
_THIEF = browser("thief", "Mozilla/5.0 (X11; Linux) Firefox/127")
_SOURCE: Source = {**_HOUSEHOLD, **tool()}


def _stuffing(source: Source = _SOURCE) -> list[SecurityEvent]:
    return [failure(n * 20_000, source, f"u{n}") for n in range(30)]


def stuffing_that_says_it_is_a_kiosk() -> Scene:
    attempts = _stuffing({**_SOURCE, "app_id": "kiosk"})
    return Scene(attempts, stopped=attempts)


def stuffing_beside_own_successes() -> Scene:
    """The attacker's own account gets in between."""
    own = [success(n * 20_000 + 1_000, _SOURCE, "accomplice") for n in range(30)]
    attempts = _stuffing()
    return Scene([*own, *attempts], stopped=attempts)


def unknown_users_with_three_tries_each() -> Scene:
    attempts = [failure(n * 11_000, _SOURCE, f"nobody{n // 3}", auth_reason="unknown_user") for n in range(66)]
    return Scene(attempts, stopped=attempts)


def checkout_and_change_at_an_attacking_address() -> Scene:
    """With a session that was stolen before: no sign-in."""
    there = {**_HOUSEHOLD, **_THIEF}
    order = event("checkout", HOUR, there, "u3")
    change = event("password_change", HOUR + MINUTE, there, "u3", auth_outcome="success")
    return Scene([*past("u3", home(3)), *_stuffing(), order, change], stopped=[order, change])


def checkout_in_an_attacking_hosting_network() -> Scene:
    sources = [{**HOSTED, **tool(), "user_ipaddress": f"95.217.1.{n}", "useragent": f"tool/{n}"} for n in range(9)]
    attempts = [failure(n * 20_000, sources[n % 9], f"u{n}") for n in range(30)]
    order = event("checkout", HOUR, {**HOSTED, **_THIEF, "user_ipaddress": "95.217.1.77"}, "u3")
    return Scene([*past("u3", home(3)), *attempts, order], stopped=[*attempts, order])


def spraying_by_a_client_with_invented_devices() -> Scene:
    attempts = [
        failure(
            n * 25_000,
            {**network(64_700 + n % 6, "Berlin", f"198.51.100.{n % 6}"), **browser(f"d{n}", "Mozilla/5.0 (Rare)")},
            f"u{n % 10}",
        )
        for n in range(30)
    ]
    return Scene(attempts, stopped=attempts)


def flood_of_sign_ups_behind_a_carrier() -> Scene:
    others = [success(n * 20_000, {**home(n), **MOBILE}, f"u{n}") for n in range(60)]
    sign_ups = [
        event("sign_up", n * 25_000, {**MOBILE, **browser(f"d{n}", f"Mozilla/5.0 (Bot {n % 5})")}, f"n{n}")
        for n in range(120)
    ]
    return Scene([*others, *sign_ups], stopped=sign_ups)


def ring_that_calls_itself_professional() -> Scene:
    listings = [
        event(
            *("listing_create", n * HOUR, home(9), f"u{n}"),
            listing_text_hash="0123456789abcdef",
            user_type="professional",
            user_registered_tstamp=NOW - 90 * DAY,
        )
        for n in range(5)
    ]
    return Scene(listings, stopped=listings)


def _session(there: Source) -> Scene:
    own = {**home(1), "domain_sessionid": "session"}
    order = event("checkout", 10 * MINUTE, {**own, **HOSTED, **there}, "u1")
    return Scene([*past("u1", home(1)), success(0, own, "u1"), order], stopped=[order])


def session_in_a_program_that_no_list_has() -> Scene:
    return _session(tool("brand-new-library"))


def session_without_an_agent() -> Scene:
    return _session({"useragent": None, "br_lang": None, "dvce_screenwidth": None})


def office_in_which_everybody_mistypes() -> Scene:
    office = network(64_900, "Berlin", "203.0.113.50")
    events = list[SecurityEvent]()
    for n in range(30):
        source, at = {**home(n), **office}, n * 25_000
        events += [failure(at + k * 6_000, source, f"u{n}") for k in range(1 + n % 2)]
        events.append(success(at + 15_000, source, f"u{n}"))
    return Scene([*pasts(range(30)), *events])


def popular_client_on_a_bad_day() -> Scene:
    """One make of client without device ids at 60 addresses; a third of the tries fails."""
    client = browser(None, "Mozilla/5.0 (Popular)")
    own = [{**home(n), **client} for n in range(60)]
    events = [each for n in range(60) for each in past(f"u{n}", own[n])]
    for n in range(60):
        events += [failure(n * 14_000 + k * 3_000, own[n], f"u{n}") for k in range(n % 3)]
        events.append(success(n * 14_000 + 9_000, own[n], f"u{n}"))
    return Scene(events)


def new_telephone_with_that_client_after_spraying() -> Scene:
    """By the client alone nobody is suspicious: it is at home."""
    client = browser(None, "Mozilla/5.0 (Popular)")
    attempts = [
        failure(n * 25_000, {**network(64_700 + n % 6, "Berlin", f"198.51.100.{n % 6}"), **client}, f"v{n % 10}")
        for n in range(30)
    ]
    entry = success(HOUR // 2, {**home(1), **client}, "u1")
    return Scene([*past("u1", home(1)), *attempts, entry], allowed=[entry])


def sign_ups_behind_a_carrier() -> Scene:
    others = [success(n * MINUTE, {**home(n), **MOBILE}, f"u{n}") for n in range(30)]
    sign_ups = [
        event("sign_up", n * 4 * MINUTE, {**MOBILE, **browser(f"d{n // 2}", f"A{n}")}, f"n{n}") for n in range(12)
    ]
    return Scene([*pasts(range(30)), *others, *sign_ups])


def sellers_with_one_template() -> Scene:
    """At home, with a past and images of their own."""
    listings = [
        event(
            *("listing_create", n * 10 * MINUTE, home(n % 5), f"u{n % 5}"),
            listing_text_hash="0123456789abcdef",
            listing_image_hash=f"{(n + 1) * 0x9E37_79B9_7F4A_7C15 % 2**64:016x}",
            listing_has_link=True,
            user_registered_tstamp=NOW - 300 * DAY,
        )
        for n in range(20)
    ]
    return Scene([*pasts(range(5)), *listings])


def _locked_out(**proof: object) -> Scene:
    """A stranger tries the account's password, then its owner comes with a new telephone."""
    strangers = [failure(n * MINUTE, {**ABROAD, **_THIEF}, "u1") for n in range(20)]
    entry = success(HOUR, {**home(1), **browser("new-phone", "Mozilla/5.0 (iPhone) Safari/605")}, "u1", **proof)
    return Scene([*past("u1", home(1)), *strangers, entry], allowed=[entry])


def locked_out_with_passkey() -> Scene:
    return _locked_out(auth_method="passkey")


def locked_out_with_second_factor() -> Scene:
    return _locked_out(auth_mfa="passed")


def locked_out() -> Scene:
    """Without a proof: the owner is asked for one."""
    return _locked_out()


ATTACKS_OF_SOURCES = (
    *(stuffing_that_says_it_is_a_kiosk, stuffing_beside_own_successes, unknown_users_with_three_tries_each),
    *(checkout_and_change_at_an_attacking_address, checkout_in_an_attacking_hosting_network),
    *(spraying_by_a_client_with_invented_devices, flood_of_sign_ups_behind_a_carrier),
    *(ring_that_calls_itself_professional, session_in_a_program_that_no_list_has, session_without_an_agent),
)
INNOCENTS_AT_SOURCES = (
    *(office_in_which_everybody_mistypes, popular_client_on_a_bad_day, sign_ups_behind_a_carrier),
    *(sellers_with_one_template,),
)
AMONG_ATTACKS = (
    *(new_telephone_with_that_client_after_spraying, locked_out_with_passkey, locked_out_with_second_factor),
)
