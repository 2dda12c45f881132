"""The attributes for account security: what of each is a value, what is repaired and what is left out."""

import pytest

from tests.core.repair.test_cases import fields_of, named
from tests.core.samples import raw

HASH = "0123456789abcdef"
LONGEST_DOMAIN = "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61
CODES = ("auth_reason", "auth_method")
HASHES = ("listing_text_hash", "listing_image_hash")
FLAGS = ("client_hint_mobile", "listing_has_contact", "listing_has_link")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("auth_outcome", value) for value in ("success", "failure", "challenged")),
        *((name, value) for name in CODES for value in ("wrong_password", "google", "x", "a" * 32)),
        *(("auth_mfa", value) for value in ("none", "passed", "failed", "skipped")),
        *(("device_id", value) for value in ("v", "A-1/ü", "x" * 128)),
        *(("email_domain", value) for value in ("example.org", "x.de", "xn--mnchen-3ya.example", LONGEST_DOMAIN)),
        ("client_hint_ua", '"Chromium";v="130", "Not?A_Brand";v="99"'),
        ("client_hint_platform", '"Windows"'),
        *((name, value) for name in HASHES for value in (HASH, "0" * 16)),
        *((name, value) for name in FLAGS for value in (True, False)),
        *(("listing_price_ratio", value) for value in (0, 0.01, 1.0, 1e9)),
    ],
)
def test_a_value_is_kept_as_it_is(name: str, value: object) -> None:
    fields = fields_of(raw({f"attributes.{name}": value}))
    assert getattr(fields, name) == value
    assert named(fields) == []


@pytest.mark.parametrize(
    ("name", "sent", "value", "reason"),
    [
        ("auth_outcome", "SUCCESS", "success", "lower_case"),
        ("auth_outcome", " Failure\n", "failure", "lower_case"),
        ("auth_outcome", "ok", None, "malformed"),
        ("auth_outcome", True, None, "wrong_type"),
        *((name, "Wrong_Password", "wrong_password", "lower_case") for name in CODES),
        *((name, "wrong password", None, "malformed") for name in CODES),
        *((name, "a" * 33, None, "malformed") for name in CODES),
        *((name, 403, None, "malformed") for name in CODES),
        ("auth_mfa", "PASSED", "passed", "lower_case"),
        ("auth_mfa", "", None, "malformed"),
        ("auth_mfa", False, None, "wrong_type"),
        ("device_id", 4711, "4711", "unquoted"),
        ("device_id", "", None, "malformed"),
        ("device_id", "x" * 129, None, "malformed"),
        ("email_domain", "Example.ORG", "example.org", "lower_case"),
        ("email_domain", "example", None, "malformed"),
        ("email_domain", "münchen.example", None, "malformed"),
        ("email_domain", "\N{KELVIN SIGN}elvin.example", None, "malformed"),
        *(("email_domain", sent, None, "malformed") for sent in ("example.org.", "a..example", "-a.example", "a.b-")),
        ("email_domain", f"a{LONGEST_DOMAIN}", None, "malformed"),
        ("email_domain", "a." * 126 + "example", None, "malformed"),
        ("email_domain", ["example.org"], None, "wrong_type"),
        *((name, "x" * 513, "x" * 512, "cut") for name in ("client_hint_ua", "client_hint_platform")),
        *((name, ["Chromium"], None, "wrong_type") for name in ("client_hint_ua", "client_hint_platform")),
        *((name, HASH.upper(), HASH, "lower_case") for name in HASHES),
        *((name, f"0x{HASH}", None, "malformed") for name in HASHES),
        *((name, HASH[1:], None, "malformed") for name in HASHES),
        *((name, 2**63, None, "malformed") for name in HASHES),
        *((name, "True", True, "quoted") for name in FLAGS),
        *((name, "?1", None, "wrong_type") for name in FLAGS),
        *((name, 1, None, "wrong_type") for name in FLAGS),
        ("listing_price_ratio", "0.5", 0.5, "quoted"),
        ("listing_price_ratio", -0.5, None, "out_of_range"),
        ("listing_price_ratio", 1.1e9, None, "out_of_range"),
        ("listing_price_ratio", "cheap", None, "wrong_type"),
    ],
)
def test_an_odd_value(name: str, sent: object, value: object, reason: str) -> None:
    fields = fields_of(raw({f"attributes.{name}": sent}))
    assert getattr(fields, name) == value
    assert named(fields) == [(f"attributes.{name}", reason)]


@pytest.mark.parametrize("sent", ["ann@example.org", " Ann@Example.ORG ", "ann%40example.org", "Ann <ann@example.org>"])
def test_an_address_in_the_place_of_its_domain_is_left_out(sent: str) -> None:
    fields = fields_of(raw({"attributes.email_domain": sent}))
    assert fields.email_domain is None
    assert named(fields) == [("attributes.email_domain", "malformed")]
