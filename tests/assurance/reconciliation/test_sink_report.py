"""An outlet has what was enriched, each event once."""

from collections import Counter

from assurance.reconciliation.sink_report import enriched, hold
from contracts.topics import ANALYTICS, SECURITY
from tests.assurance.reconciliation import builders

WANTED = {ANALYTICS.name: Counter[str | None](["a", "b", "b"]), SECURITY.name: Counter[str | None](["a"])}


def test_the_same_is_balanced_whatever_the_order() -> None:
    there = {SECURITY.name: Counter[str | None]("a"), ANALYTICS.name: Counter[str | None]("bab")}
    found = hold("lake", there, WANTED)
    assert found.balanced
    assert found.rows == {ANALYTICS.name: 3, SECURITY.name: 1}


def test_each_fault_is_found_by_id_and_in_its_topic() -> None:
    there = {ANALYTICS.name: Counter[str | None](["a", "a", "b"]), SECURITY.name: Counter[str | None](["b"])}
    found = hold("lake", there, WANTED)
    assert (found.missing, found.duplicates, found.unexpected) == (2, 1, 1)
    assert (found.missing_ids, found.duplicate_ids, found.unexpected_ids) == (["b", "a"], ["a"], ["b"])
    assert not found.balanced


def test_a_topic_that_is_not_there_at_all_is_missing() -> None:
    assert hold("lake", {}, WANTED).missing == 4
    assert hold("lake", {"clickstream.enriched.other.v1": Counter(["x"])}, {}).unexpected == 1


def test_what_was_enriched_is_read_from_receipts() -> None:
    a = builders.raw("a")
    receipts = [builders.enriched(a), builders.enriched(a), builders.late(a), builders.failed(a)]
    assert enriched(receipts, [ANALYTICS.name, SECURITY.name]) == {
        ANALYTICS.name: Counter({"a": 2}),
        SECURITY.name: Counter(),
    }
