"""What the account events of ordinary visits say for account security."""

from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

import msgspec
import pytest

from contracts.events.raw import Attributes
from core.risk.observation import SIMILAR_BITS
from producers.record import Record
from producers.synthetic.security_attributes import client_hints

ACCOUNT_EVENTS = ("sign_in", "sign_up", "password_change")
FIELDS = msgspec.structs.fields(Attributes)
SECURITY_FIELDS = {
    field.name for field in FIELDS if field.name.startswith(("auth_", "client_hint", "listing_", "device", "email"))
} - {"listing_id"}


@pytest.fixture(scope="module")
def events(stream: list[Record]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(each.value) for each in stream if each.kind in ("event", "late")]


def attributes(event: dict[str, Any]) -> Attributes:
    return msgspec.convert(event["attributes"], Attributes)


def test_account_events_name_outcome_method_device_and_domain(events: list[dict[str, Any]]) -> None:
    outcomes = Counter[str | None]()
    for event in events:
        said = attributes(event)
        if event["event_name"] in ACCOUNT_EVENTS:
            assert None not in (said.auth_method, said.auth_mfa, said.device_id, said.email_domain)
            assert (said.auth_reason == "wrong_password") == (said.auth_outcome == "failure")
            if event["event_name"] != "sign_in":
                assert said.auth_outcome == "success"
            outcomes[said.auth_outcome] += event["event_name"] == "sign_in"
    assert outcomes["success"] > 500
    assert 0.01 < outcomes["failure"] / outcomes.total() < 0.06


def test_nobody_is_signed_in_after_a_failure(events: list[dict[str, Any]]) -> None:
    failed: set[str] = set()
    pages_after_it = 0
    for event in events:
        session = event["actor"].get("domain_sessionid")
        if event["event_name"] == "sign_in":
            outcome = attributes(event).auth_outcome
            failed = failed | {session} if outcome == "failure" else failed - {session}
        elif event["context"]["app_id"] != "market-backend" and session in failed:
            pages_after_it += 1
            assert "user_id" not in event["actor"]
    assert pages_after_it > 5


def test_a_device_has_one_id_and_a_person_one_domain(events: list[dict[str, Any]]) -> None:
    ids, domains = defaultdict[str, set[str | None]](set), defaultdict[str, set[str | None]](set)
    for event in events:
        said = attributes(event)
        if said.device_id is not None:
            ids[event["actor"]["domain_userid"]].add(said.device_id)
            domains[event["actor"]["user_id"]].add(said.email_domain)
    assert {len(each) for each in ids.values()} == {len(each) for each in domains.values()} == {1}
    assert len(set[str | None]().union(*ids.values())) == len(ids)
    assert len(set[str | None]().union(*domains.values())) > 5


def test_no_other_event_has_any_of_it(events: list[dict[str, Any]]) -> None:
    named = {*ACCOUNT_EVENTS, "checkout", "listing_create"}
    for event in events:
        assert bool(SECURITY_FIELDS & event["attributes"].keys()) == (event["event_name"] in named)


def test_no_two_listings_are_alike(events: list[dict[str, Any]]) -> None:
    listed = [attributes(event) for event in events if event["event_name"] == "listing_create"]
    assert {(each.listing_has_contact, each.listing_has_link) for each in listed} == {(False, False)}
    hashes = [int(each.listing_text_hash or "", 16) for each in listed]
    assert len(hashes) > 100
    assert min((one ^ other).bit_count() for one, other in combinations(hashes, 2)) > SIMILAR_BITS


@pytest.mark.parametrize(
    ("useragent", "brand", "platform", "mobile"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) … Chrome/130.0.0.0 Safari/537.36",
            "Google Chrome",
            "Windows",
            False,
        ),
        (
            "Mozilla/5.0 (Linux; Android 10) … Chrome/130.0.0.0 Mobile Safari/537.36",
            "Google Chrome",
            "Android",
            True,
        ),
        ("Mozilla/5.0 (Windows NT 10.0) … Chrome/130.0.0.0 Edg/130.0.0.0", "Microsoft Edge", "Windows", False),
    ],
)
def test_hints_of_a_browser_made_from_chromium(useragent: str, brand: str, platform: str, mobile: bool) -> None:
    hints = client_hints(useragent)
    assert f'"{brand}";v="130"' in str(hints["client_hint_ua"])
    assert (hints["client_hint_platform"], hints["client_hint_mobile"]) == (platform, mobile)


def test_other_browsers_send_no_hints() -> None:
    assert client_hints("Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0") == {}
