"""The bytes in Redis are read by another program, maybe of another version: they are written down here."""

import msgspec

from core.risk.facets.limits import FacetLimits
from core.risk.stored_state import LogLimits, StoredRules, decode_rules, encode_rules, facet_key, subject_key
from core.risk.subject.limits import Limits

WRITTEN = 1_700_000_000_500


def test_rules_come_back_as_they_were_written() -> None:
    limits = LogLimits(FacetLimits(events=7, lateness_ms=8), Limits(labels=9))
    rules = StoredRules("0123456789ab", WRITTEN, {"take_over.yml": "name: a"}, {"a": b"{}"}, limits)
    assert decode_rules(encode_rules(rules)) == rules


def test_rules_of_a_job_that_tells_no_limits() -> None:
    old = msgspec.msgpack.encode(["0123456789ab", WRITTEN, {"take_over.yml": "name: a"}, {"a": b"{}"}])
    found = decode_rules(old)
    assert found is not None
    assert found.limits == LogLimits()


def test_what_is_no_rule_set_is_none() -> None:
    assert decode_rules(b"") is None
    assert decode_rules(b"\xc1garbage") is None
    assert decode_rules(encode_rules(["only a version"])) is None


def test_the_keys() -> None:
    assert facet_key("address:1f") == "risk:f:address:1f"
    assert subject_key("1f") == "risk:s:1f"
