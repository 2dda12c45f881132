"""Each shipped condition, on the event or on habits: holds just above its limit, not just below, nor where excluded."""

from collections.abc import Mapping

import pytest

from core.risk.rules.environments import HABIT_TYPES
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import HabitRule, RuleSet
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import SHIPPED

_DAY = 86_400_000
_NEVER = 2**53
_PROFESSIONAL = {"user_type": "professional"}


def _shipped() -> RuleSet:
    found = load_rules(SHIPPED)
    assert isinstance(found, RuleSet), found
    return found


RULES = _shipped()
_HABIT_RULES = {each.rule.name: each for each in RULES.subject_rules if isinstance(each, HabitRule)}
_GOOGLE = {"event_name": "http_request", "useragent": "Mozilla/5.0 (compatible; Googlebot/2.1)", "as_number": 14061}
_BING = {"event_name": "sign_in", "useragent": "Mozilla/5.0 (compatible; bingbot/2.0)", "as_number": 24940}


def _page(path: str) -> dict[str, object]:
    return {"event_name": "http_request", "page_url": f"https://www.example.org{path}"}


_SIGN_IN = {"event_name": "sign_in", "auth_outcome": "success"}
_FAILURE = {"event_name": "sign_in", "auth_outcome": "failure"}
_SIGN_UP = {"event_name": "sign_up"}
_BROWSER = {"useragent": "Mozilla/5.0", "user_agent_name": "Firefox", "user_agent_is_crawler": False}
_LISTING = {"event_name": "listing_create"}
_PAGE_READ: Mapping[str, object] = {**_page("/a.html"), "http_method": "GET", "http_status": 200}
_NO_PAGE_READ: tuple[Mapping[str, object], ...] = (
    *({"http_method": "POST"}, {"http_status": 404}, {"user_agent_is_crawler": True}),
    *map(_page, ("/a.png", "/?flav=rss20", "/blog/rss", "/?flav=atom", "/feed", "/index.xml", "/robots.txt")),
)

EVENTS: list[tuple[str, bool, Mapping[str, object]]] = [
    ("sign_in_attempt", True, {"event_name": "sign_in"}),
    ("sign_in_attempt", False, _SIGN_UP),
    ("sign_in_succeeded", True, _SIGN_IN),
    ("sign_in_succeeded", False, {**_SIGN_IN, "auth_outcome": "challenged"}),
    ("sign_in_succeeded", False, {"event_name": "sign_in"}),
    ("proven_sign_in", True, {**_SIGN_IN, "auth_mfa": "passed"}),
    ("proven_sign_in", True, {**_SIGN_IN, "auth_method": "passkey"}),
    ("proven_sign_in", False, {**_SIGN_IN, "auth_mfa": "skipped", "auth_method": "password"}),
    ("proven_sign_in", False, {**_FAILURE, "auth_mfa": "passed"}),
    ("sign_in_failed", True, _FAILURE),
    ("sign_in_failed", False, _SIGN_IN),
    ("sign_in_failed_hosting", True, {**_FAILURE, "as_number": 14061}),
    ("sign_in_failed_hosting", True, {**_FAILURE, "ip_is_hosting_provider": True}),
    ("sign_in_failed_hosting", False, {**_FAILURE, "as_number": 3320}),
    ("sign_in_failed_hosting", False, _FAILURE),
    ("sign_in_failed_nameless", True, _FAILURE),
    ("sign_in_failed_nameless", False, {**_FAILURE, "user_id": "u"}),
    ("sign_in_failed_nameless", False, _SIGN_IN),
    ("sign_in_failed_tool", True, _FAILURE),
    ("sign_in_failed_tool", True, {**_FAILURE, "device_id": "d", "user_agent_crawler_name": "curl"}),
    ("sign_in_failed_tool", False, {**_FAILURE, "device_id": "d"}),
    ("hosting_network", True, {**_SIGN_IN, "as_number": 24940}),
    ("hosting_network", True, {**_SIGN_IN, "ip_is_hosting_provider": True}),
    ("hosting_network", False, {**_SIGN_IN, "as_number": 9009}),
    ("hosting_network", False, _SIGN_IN),
    ("device_unknown", True, _SIGN_IN),
    ("device_unknown", False, {**_SIGN_IN, "device_id": "d"}),
    ("own_address", True, {**_SIGN_IN, "user_ipaddress": "192.168.1.1"}),
    ("own_address", True, {**_SIGN_IN, "user_ipaddress": "10.1.1.1"}),
    ("own_address", False, {**_SIGN_IN, "user_ipaddress": "100.1.1.1"}),
    ("professional", True, {**_LISTING, "user_type": "professional"}),
    ("professional", False, _LISTING),
    ("sign_in_failed_unknown", True, _FAILURE),
    ("sign_in_failed_unknown", True, {**_FAILURE, "user_id": "u", "auth_reason": "unknown_user"}),
    ("sign_in_failed_unknown", False, {**_FAILURE, "user_id": "u", "auth_reason": "wrong_password"}),
    ("no_agent", True, _SIGN_IN),
    ("no_agent", True, {**_SIGN_IN, "useragent": "-"}),
    ("no_agent", False, {**_SIGN_IN, "useragent": "Mozilla/5.0"}),
    ("no_browser", True, _SIGN_IN),
    ("no_browser", True, {**_SIGN_IN, **_BROWSER, "user_agent_crawler_name": "new-tool"}),
    ("no_browser", True, {**_SIGN_IN, **_BROWSER, "user_agent_name": None}),
    ("no_browser", False, {**_SIGN_IN, **_BROWSER}),
    ("no_browser", False, {**_SIGN_IN, "useragent": "not looked up"}),
    ("unremembered_network", True, {**_SIGN_IN, "as_number": 14593}),
    ("unremembered_network", True, {**_SIGN_IN, "ip_is_anonymous_vpn": True}),
    ("unremembered_network", False, {**_SIGN_IN, "as_number": 3320, "ip_is_anonymous_vpn": False}),
    ("unremembered_network", False, _SIGN_IN),
    ("anonymous_network", True, {**_SIGN_IN, "as_number": 9009}),
    ("anonymous_network", True, {**_SIGN_IN, "ip_is_tor_exit_node": True}),
    ("anonymous_network", False, {**_SIGN_IN, "as_number": 14593}),
    ("network_unknown", True, _SIGN_IN),
    ("network_unknown", False, {**_SIGN_IN, "as_number": 1}),
    ("tool_agent", True, {**_SIGN_IN, "user_agent_crawler_name": "python-requests"}),
    ("tool_agent", False, {**_SIGN_IN, "user_agent_crawler_name": "Googlebot"}),
    ("tool_agent", False, _SIGN_IN),
    ("account_changed", True, {"event_name": "payout_change"}),
    ("account_changed", False, {"event_name": "payout_change", "auth_outcome": "failure"}),
    ("account_changed", False, _SIGN_IN),
    ("reach_changed", True, {"event_name": "payout_change"}),
    ("reach_changed", True, {"event_name": "email_change"}),
    ("reach_changed", False, {"event_name": "password_change"}),
    ("reach_changed", False, {"event_name": "mfa_change"}),
    ("email_changed", True, {"event_name": "email_change"}),
    ("email_changed", False, {"event_name": "email_change", "auth_outcome": "failure"}),
    ("password_changed", True, {"event_name": "password_change"}),
    ("password_changed", False, {"event_name": "email_change"}),
    ("payout_changed", True, {"event_name": "payout_change"}),
    ("payout_changed", False, {"event_name": "mfa_change"}),
    ("checkout_made", True, {"event_name": "checkout"}),
    ("checkout_made", False, _LISTING),
    ("signed_up", True, _SIGN_UP),
    ("signed_up", False, {**_SIGN_UP, "auth_outcome": "failure"}),
    ("signed_up_hosting", True, {**_SIGN_UP, "as_number": 24940}),
    ("signed_up_hosting", False, {**_SIGN_UP, "as_number": 3320}),
    ("sign_up_by_tool", True, {**_SIGN_UP, "user_agent_crawler_name": "curl"}),
    ("sign_up_by_tool", True, _SIGN_UP),
    ("sign_up_by_tool", False, {**_SIGN_UP, **_BROWSER}),
    ("sign_up_anonymous", True, {**_SIGN_UP, "as_number": 9009}),
    ("sign_up_anonymous", False, {**_SIGN_UP, "as_number": 3320}),
    ("listing_created", True, _LISTING),
    ("listing_created", False, _SIGN_UP),
    ("disposable_email", True, {**_SIGN_UP, "email_domain": "mailinator.com"}),
    ("disposable_email", True, {**_SIGN_UP, "email_domain": "a.mailinator.com"}),
    ("disposable_email", False, {**_SIGN_UP, "email_domain": "notmailinator.example"}),
    ("disposable_email", False, _SIGN_UP),
    ("listing_with_contact", True, {**_LISTING, "listing_has_link": True}),
    ("listing_with_contact", False, {**_LISTING, "listing_has_link": False}),
    ("listing_contact", True, {**_LISTING, "listing_has_contact": True}),
    ("listing_contact", False, {**_LISTING, "listing_has_contact": False}),
    ("listing_link", True, {**_LISTING, "listing_has_link": True}),
    ("listing_link", False, _LISTING),
    ("listing_price", True, {**_LISTING, "listing_price_ratio": 0.19}),
    ("listing_price", False, {**_LISTING, "listing_price_ratio": 0.2}),
    ("listing_price", False, _LISTING),
    ("odd_price", True, {**_LISTING, "listing_price_ratio": 0.34}),
    ("odd_price", True, {**_LISTING, "listing_price_ratio": 5.1, "price": 9.0}),
    ("odd_price", False, {**_LISTING, "listing_price_ratio": 0.35}),
    ("odd_price", False, {**_LISTING, "listing_price_ratio": 5.0}),
    ("odd_price", False, {**_LISTING, "listing_price_ratio": 0.0, "price": 0.0}),
    ("odd_price", False, _LISTING),
    ("lying_crawler", True, _GOOGLE),
    ("lying_crawler", True, _BING),
    ("lying_crawler", False, {**_GOOGLE, "as_number": 15169}),
    ("lying_crawler", False, {**_BING, "as_number": 8075}),
    ("lying_crawler", False, {**_GOOGLE, "useragent": "Mozilla/5.0 (compatible; OtherBot/2.1)"}),
    ("secret_path", True, _page("/.env")),
    ("secret_path", True, _page("/site/.git/config")),
    ("secret_path", False, _page("/environment")),
    ("secret_path", False, {**_page("/.env"), "event_name": "sign_in"}),
    ("scanner_path", True, _page("/wp-login.php")),
    ("scanner_path", True, _page("/js/fckeditor/editor/fckeditor.html")),
    ("probe", True, {**_page("/wp-login.php"), "http_status": 404}),
    ("probe", False, {**_page("/wp-login.php"), "http_status": 200}),
    ("probe", False, {**_page("/about"), "http_status": 404}),
    ("request_error_of_visitor", True, {**_page("/"), "http_status": 404}),
    ("request_error_of_visitor", False, {**_page("/"), "http_status": 404, "user_agent_is_crawler": True}),
    ("page_part", True, _page("/a.css?v=1")),
    ("page_part", False, _page("/a.html")),
    ("page_read", True, _PAGE_READ),
    *(("page_read", False, {**_PAGE_READ, **other}) for other in _NO_PAGE_READ),
    ("robots_by_browser", True, {**_page("/robots.txt"), **_BROWSER}),
    ("robots_by_browser", False, {**_page("/robots.txt"), **_BROWSER, "user_agent_is_crawler": True}),
    ("robots_by_browser", False, _page("/robots.txt")),
    ("robots_by_browser", False, {**_page("/"), **_BROWSER}),
    (
        "impossible_agent",
        True,
        {**_page("/"), "useragent": "Mozilla/5.0 (Windows; U; MSIE 9.0; Windows NT 9.0; en-US)"},
    ),
    ("impossible_agent", True, {**_page("/"), "useragent": "Mozilla/4.0 (compatible;)"}),
    ("impossible_agent", False, {**_page("/"), "useragent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}),
    ("impossible_agent", False, {**_page("/"), "useragent": "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"}),
    ("impossible_agent", False, _page("/")),
    ("hosted_browser", True, {**_page("/"), **_BROWSER, "as_number": 24940}),
    ("hosted_browser", False, {**_page("/"), **_BROWSER, "as_number": 3320}),
    ("hosted_browser", False, {**_page("/"), "as_number": 24940}),
    ("form_spam_trace", True, _page("/post/++++Result:+chosen+nickname+%22name%22;+sent;")),
    ("form_spam_trace", False, _page("/Result")),
    ("scanner_path", False, _page("/login.php")),
    ("request_error", True, {**_page("/"), "http_status": 404}),
    ("request_error", False, {**_page("/"), "http_status": 304}),
    ("tool_request", True, {**_page("/"), "user_agent_is_crawler": True, "user_agent_crawler_name": "curl"}),
    ("tool_request", False, {**_page("/"), "user_agent_is_crawler": True, "user_agent_crawler_name": "bingbot"}),
    ("post_request", True, {**_page("/"), "http_method": "POST"}),
    ("post_request", False, {**_page("/"), "http_method": "GET"}),
    ("empty_agent", True, _page("/")),
    ("empty_agent", True, {**_page("/"), "useragent": "-"}),
    ("empty_agent", False, {**_page("/"), "useragent": "Mozilla/5.0"}),
    ("hostile_tool", True, {**_page("/"), "user_agent_crawler_name": "sqlmap"}),
    ("hostile_tool", False, {**_page("/"), "user_agent_crawler_name": "curl"}),
]
EXCLUDED: list[tuple[str, str, Mapping[str, object]]] = [
    ("listing_contact", "professional_seller", {**_LISTING, "listing_has_contact": True, **_PROFESSIONAL}),
    ("listing_link", "professional_seller", {**_LISTING, "listing_has_link": True, **_PROFESSIONAL}),
    ("listing_price", "gift", {**_LISTING, "listing_price_ratio": 0.0, "price": 0.0}),
    ("unfamiliar_sign_in", "mfa_passed", {**_SIGN_IN, "auth_mfa": "passed"}),
    ("lying_crawler", "network_unknown", {**_GOOGLE, "as_number": None}),
    (
        "probe",
        "known_crawler",
        {**_page("/wp-login.php"), "http_status": 404, "user_agent_is_crawler": True, "as_number": 15169},
    ),
    ("success_after_attack", "proven", {**_SIGN_IN, "auth_method": "passkey"}),
    ("success_after_attack", "proven", {**_SIGN_IN, "auth_mfa": "passed"}),
    ("session_hijack", "own_server", {**_SIGN_IN, "user_ipaddress": "10.0.0.1"}),
]
_KNOWN_SUCCESS = {"sign_in_succeeded": True, "user.is_learning": False}
_TRAVEL = {
    **{"sign_in_succeeded": True, "travel.known": True, "travel.speed_kmh": 901.0, "travel.distance_km": 451.0},
    "travel.minutes": 30.0,
}
_STRANGE = {
    **{"sign_in_succeeded": True, "user.new_country": True, "strange_network": True, "strange_device": True},
    "user.new_device": True,
}
_FRESH = {"new_account": True}
_ACCOUNT = {"user.is_account": True}
_HERE = {"strange_network": True, "strange_device": True}
HABITS: list[tuple[str, bool, Mapping[str, object]]] = [
    ("too_many_failures", True, {**_ACCOUNT, "sign_in_failed": True, "user.failures_in_a_row": 100}),
    ("too_many_failures", False, {**_ACCOUNT, "sign_in_failed": True, "user.failures_in_a_row": 99}),
    ("too_many_failures", False, {"sign_in_failed": True, "user.failures_in_a_row": 100}),
    ("too_many_failures", False, {**_ACCOUNT, "user.failures_in_a_row": 100}),
    ("unfamiliar", True, {"sign_in_succeeded": True, "user.new_device": True}),
    ("unfamiliar", True, {"sign_in_succeeded": True, "user.new_country": True}),
    ("unfamiliar", True, {"sign_in_succeeded": True, "device_unknown": True, "user.new_address": True}),
    ("unfamiliar", True, {"sign_in_succeeded": True, "user.sign_ins": 0}),
    ("unfamiliar", False, {"sign_in_succeeded": True, "user.new_address": True, "user.sign_ins": 1}),
    ("unfamiliar", False, {"user.new_device": True}),
    *(
        (name, holds, {"unfamiliar": is_unfamiliar, "sign_in_succeeded": True, "after_attack": True})
        for name, is_unfamiliar, holds in (
            ("success_after_attack", True, True),
            ("success_after_attack", False, False),
            ("owner_after_attack", False, True),
            ("owner_after_attack", True, False),
        )
    ),
    ("success_after_attack", False, {"unfamiliar": True, "sign_in_succeeded": True}),
    *(
        ("success_from_attacker", is_unfamiliar, {"unfamiliar": is_unfamiliar, source: True})
        for source in ("from_attacking_address", "from_stuffing_network")
        for is_unfamiliar in (True, False)
    ),
    *(
        ("success_from_attacker", is_new, {"unfamiliar": True, source: True, "user.new_network": is_new})
        for source in ("from_stuffing_client", "from_spray_client")
        for is_new in (True, False)
    ),
    *(
        (f"{what}_from_attacker", True, {source: True, **new})
        for what in ("checkout", "change")
        for source in (f"{what}_from_address", f"{what}_from_network")
        for new in ({"user.new_network": True}, {"user.new_device": True}, {"user.sign_ins": 0})
    ),
    *((f"{what}_from_attacker", False, {f"{what}_from_address": True}) for what in ("checkout", "change")),
    *((f"{what}_from_attacker", False, {"user.new_network": True}) for what in ("checkout", "change")),
    ("impossible_travel", True, _TRAVEL),
    ("impossible_travel", False, {**_TRAVEL, "travel.speed_kmh": 900.0}),
    ("impossible_travel", True, {**_TRAVEL, "travel.distance_km": 50.1}),
    ("impossible_travel", False, {**_TRAVEL, "travel.distance_km": 50.0}),
    ("impossible_travel", False, {**_TRAVEL, "travel.known": False}),
    ("impossible_travel", False, {**_TRAVEL, "unremembered_network": True}),
    ("impossible_travel", False, {**_TRAVEL, "sign_in_succeeded": False}),
    ("impossible_travel_unfamiliar", True, {"impossible_travel": True, "user.new_device": True}),
    ("impossible_travel_unfamiliar", True, {"impossible_travel": True, "user.new_country": True}),
    ("impossible_travel_unfamiliar", False, {"impossible_travel": True}),
    ("impossible_travel_unfamiliar", False, {"user.new_device": True}),
    ("two_countries", True, {**_TRAVEL, "user.new_country": True}),
    ("two_countries", False, {**_TRAVEL, "user.new_country": True, "travel.minutes": 30.1}),
    ("two_countries", False, {**_TRAVEL, "user.new_country": False}),
    ("two_countries", False, {**_TRAVEL, "user.new_country": True, "unremembered_network": True}),
    ("unfamiliar_sign_in", True, _STRANGE),
    *(("unfamiliar_sign_in", False, {**_STRANGE, name: False}) for name in _STRANGE if name != "user.new_device"),
    ("new_device_and_network", True, {**_STRANGE, "user.new_country": False}),
    *(
        ("new_device_and_network", False, {**_STRANGE, name: False})
        for name in ("sign_in_succeeded", "strange_network", "user.new_device")
    ),
    ("anonymous_sign_in", True, {**_KNOWN_SUCCESS, "anonymous_network": True, "strange_device": True}),
    ("anonymous_sign_in", False, {**_KNOWN_SUCCESS, "anonymous_network": True}),
    ("anonymous_sign_in", False, {**_KNOWN_SUCCESS, "strange_device": True}),
    *(
        ("doubtful_sign_in", True, {"user.is_learning": False, name: True})
        for name in ("new_device_and_network", "anonymous_sign_in", "impossible_travel", "two_countries")
    ),
    ("doubtful_sign_in", False, {"user.is_learning": True, "anonymous_sign_in": True}),
    ("doubtful_sign_in", False, _KNOWN_SUCCESS),
    ("strange_network", True, {"user.new_network": True}),
    ("strange_network", True, {"network_unknown": True, "user.new_address": True}),
    ("strange_network", False, {"user.new_address": True}),
    ("strange_network", False, {"user.new_network": True, "user.is_learning": True}),
    ("strange_device", True, {"user.new_device": True}),
    ("strange_device", True, {"device_unknown": True, "user.new_client": True}),
    ("strange_device", False, {"user.new_client": True}),
    ("strange_device", False, {"device_unknown": True}),
    *(
        (
            "session_moved",
            addresses >= 2 and clients >= 2 and is_strange and what != "listing_created",
            {**{what: True, "strange_network": is_strange, "session.addresses": addresses, "session.clients": clients}},
        )
        for what in ("reach_changed", "checkout_made", "listing_created")
        for addresses, clients, is_strange in ((2, 2, True), (1, 2, True), (2, 1, True), (2, 2, False))
    ),
    ("change_on_strange_device", True, {"reach_changed": True, **_HERE}),
    ("change_on_strange_device", False, {"account_changed": True, **_HERE}),
    ("change_on_strange_device", False, {"reach_changed": True, "strange_device": True}),
    ("change_on_strange_device", False, {"reach_changed": True, "strange_network": True}),
    ("rewritten_elsewhere", True, {"account_rewritten": True, "user.new_address": True}),
    ("rewritten_elsewhere", False, {"account_rewritten": True}),
    ("rewritten_elsewhere", False, {"user.new_address": True}),
    ("checkout_on_strange_device", True, {"checkout_made": True, **_HERE}),
    ("checkout_on_strange_device", False, {"checkout_made": True, "strange_device": True}),
    ("checkout_on_strange_device", False, {"checkout_made": True, "strange_network": True}),
    ("checkout_on_strange_device", False, _HERE),
    ("checkout_in_strange_country", True, {"checkout_on_strange_device": True, "user.new_country": True}),
    ("checkout_in_strange_country", False, {"checkout_on_strange_device": True}),
    ("checkout_in_strange_country", False, {"user.new_country": True}),
    (
        "checkout_in_strange_country",
        False,
        {"checkout_on_strange_device": True, "user.new_country": True, "unremembered_network": True},
    ),
    ("change_after_doubt", True, {"doubtful_then_change": True}),
    ("change_after_doubt", False, {"reach_changed": True, "doubtful_sign_in": True}),
    *(
        ("risky_change", True, {name: True})
        for name in ("change_after_doubt", "change_on_strange_device", "rewritten_elsewhere")
    ),
    ("risky_change", True, {"session_moved": True, "reach_changed": True}),
    ("risky_change", False, {"session_moved": True, "checkout_made": True}),
    ("checkout_after_risky_change", True, {"risky_change_then_checkout": True}),
    ("checkout_after_risky_change", False, {"risky_change": True, "checkout_made": True}),
    ("tool_sign_in", True, {**_KNOWN_SUCCESS, "tool_agent": True, "user.new_client": True}),
    ("tool_sign_in", False, {**_KNOWN_SUCCESS, "tool_agent": True, "user.new_client": False}),
    ("tool_sign_in", False, {**_KNOWN_SUCCESS, "user.new_client": True}),
    ("session_hijack", True, {"tool_agent": True, "session.addresses": 2, "session.clients": 1}),
    ("session_hijack", True, {"tool_agent": True, "session.addresses": 1, "session.clients": 2}),
    ("session_hijack", False, {"tool_agent": True, "session.addresses": 1, "session.clients": 1}),
    ("session_hijack", True, {"no_browser": True, "session.addresses": 2, "session.clients": 2}),
    ("session_hijack", False, {"no_browser": True, "session.addresses": 2, "session.clients": 1}),
    ("session_hijack", False, {"no_browser": True, "session.addresses": 1, "session.clients": 2}),
    ("session_hijack", True, {"no_agent": True, "session.addresses": 2, "session.clients": 1}),
    ("session_hijack", False, {"no_agent": True, "session.addresses": 2, "session.clients": 0}),
    ("session_hijack", False, {"no_agent": True, "session.addresses": 1, "session.clients": 1}),
    ("session_hijack", False, {"session.addresses": 2, "session.clients": 2}),
    *(
        ("risky_sign_in", True, {name: True})
        for name in (
            *("success_after_attack", "success_from_attacker", "unfamiliar_sign_in", "impossible_travel_unfamiliar"),
            "session_hijack",
        )
    ),
    ("risky_sign_in", True, {"tool_sign_in": True, "unfamiliar": True}),
    ("risky_sign_in", False, {"tool_sign_in": True}),
    ("risky_sign_in", False, {"impossible_travel": True, "unfamiliar": True}),
    ("change_after_risk", True, {"risky_then_change": True}),
    ("change_after_risk", False, {"account_changed": True}),
    ("checkout_after_risk", True, {"risky_then_checkout": True}),
    ("checkout_after_risk", False, {"checkout_made": True}),
    ("checkout_after_change", True, {"change_then_checkout": True}),
    ("checkout_after_change", False, {"risky_then_checkout": True}),
    ("change_after_new_device", True, {"account_changed": True, "user.ms_since_new_device": _DAY - 1}),
    ("change_after_new_device", False, {"account_changed": True, "user.ms_since_new_device": _DAY}),
    ("change_after_new_device", False, {"user.ms_since_new_device": 0}),
    ("change_after_new_country", True, {"account_changed": True, "user.ms_since_new_country": _DAY - 1}),
    ("change_after_new_country", False, {"account_changed": True, "user.ms_since_new_country": _DAY}),
    ("checkout_after_new_country", True, {"checkout_made": True, "user.ms_since_new_country": _DAY - 1}),
    ("checkout_after_new_country", False, {"checkout_made": True, "user.ms_since_new_country": _DAY}),
    ("unlikely_sign_in", True, {**_KNOWN_SUCCESS, "likelihood": 5.1}),
    ("unlikely_sign_in", False, {**_KNOWN_SUCCESS, "likelihood": 5.0}),
    ("unlikely_sign_in", False, {**_KNOWN_SUCCESS, "likelihood": None}),
    ("unlikely_sign_in", False, {**_KNOWN_SUCCESS, "user.is_learning": True, "likelihood": 5.1}),
    ("listings_of_new_account", True, {"listing_created": True, "many_listings": True, **_FRESH}),
    ("listings_of_new_account", False, {"listing_created": True, "many_listings": True}),
    ("listings_of_new_account", False, {"listing_created": True, **_FRESH}),
    ("contact_of_new_account", True, {"listing_with_contact": True, **_FRESH}),
    ("contact_of_new_account", False, {"listing_with_contact": True}),
    ("contact_of_new_account", False, _FRESH),
    ("new_account", True, {"user.account_age_ms": _DAY - 1}),
    ("new_account", True, {"signed_up_then_listed": True}),
    ("new_account", True, {"user.first_seen_ms": _DAY - 1}),
    ("new_account", False, {"user.account_age_ms": _DAY, "user.first_seen_ms": 0}),
    ("new_account", False, {"user.first_seen_ms": _DAY}),
    ("shared_text_of_young_account", True, {"near_duplicate_texts": True, "young_account": True}),
    ("shared_text_of_young_account", False, {"near_duplicate_texts": True}),
    ("shared_text_of_young_account", False, {"young_account": True}),
    ("young_account", True, {"user.account_age_ms": 7 * _DAY - 1}),
    ("young_account", True, _FRESH),
    ("young_account", False, {"user.account_age_ms": 7 * _DAY}),
    *(
        (name, holds, {"listing_created": True, count: True, "young_account": holds})
        for name, count in (
            ("listings_of_young_account", "very_many_listings"),
            ("copies_of_young_account", "copied_text"),
        )
        for holds in (True, False)
    ),
    ("price_of_new_account", True, {"odd_price": True, **_FRESH}),
    ("price_of_new_account", False, {"odd_price": True}),
    ("price_of_new_account", False, _FRESH),
]
_USUAL: Mapping[str, object] = {
    **{name: False for name, kind in HABIT_TYPES.items() if kind == "bool"},
    **{"user.sign_ins": 20, "user.failures_in_a_row": 0, "session.addresses": 1, "session.clients": 1},
    **{f"user.ms_since_new_{what}": _NEVER for what in ("device", "country", "network")},
    **{"user.account_age_ms": _NEVER, "user.first_seen_ms": _NEVER, "likelihood": None, "flow": "sign_in"},
    **dict.fromkeys(("travel.distance_km", "travel.speed_kmh", "travel.minutes"), 0.0),
}


def event_of(facts: Mapping[str, object]) -> SecurityEvent:
    return SecurityEvent(**{"event_id": "event-1", "collector_tstamp": 1, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "holds", "facts"), EVENTS)
def test_a_condition_on_the_event(name: str, holds: bool, facts: Mapping[str, object]) -> None:
    matched, excluded = RULES.match(event_of(facts))

    assert (name in matched, name in excluded) == (holds, False)


@pytest.mark.parametrize(("name", "exclusion", "facts"), EXCLUDED)
def test_an_excluded_event(name: str, exclusion: str, facts: Mapping[str, object]) -> None:
    matched, excluded = RULES.match(event_of(facts))

    assert (name in matched, name in excluded) == (False, True), exclusion


@pytest.mark.parametrize(("name", "holds", "facts"), HABITS)
def test_a_condition_on_habits(name: str, holds: bool, facts: Mapping[str, object]) -> None:
    assert _HABIT_RULES[name].holds({**_USUAL, **facts}) is holds


def test_every_condition_and_every_exclusion_has_its_cases() -> None:
    conditions = {name for name, rule in RULES.rules.items() if rule.correlation is None}
    exclusions = {
        (name, exclusion.name)
        for name, rule in RULES.rules.items()
        if rule.correlation is None
        for exclusion in rule.exclusions
    }

    for holds in (True, False):
        assert {name for name, expected, _ in (*EVENTS, *HABITS) if expected is holds} == conditions
    assert {(name, exclusion) for name, exclusion, _ in EXCLUDED} == exclusions


def test_a_usual_event_of_a_usual_account_has_no_reason() -> None:
    assert [name for name, each in _HABIT_RULES.items() if each.holds(_USUAL)] == []


def test_one_weak_sign_does_not_challenge() -> None:
    for rule in RULES.rules.values():
        if rule.is_reason and rule.severity in {"low", "medium"}:
            assert all(rule.weight < RULES.thresholds[flow].challenge for flow in rule.flows), rule.name


def test_every_reason_says_what_to_do_and_why() -> None:
    for rule in RULES.rules.values():
        if rule.is_reason:
            assert rule.words, rule.name
            assert rule.references, rule.name
            assert len(rule.description) > 50, rule.name


def test_only_the_likelihood_is_tried_out() -> None:
    assert [name for name, rule in RULES.rules.items() if rule.mode == "shadow"] == ["unlikely_sign_in"]
