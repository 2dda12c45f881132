"""Comparing a sink with what was enriched."""

from collections import Counter

from assurance.reconciliation.sinks.comparison import compare_sink, enriched_ids
from contracts.topics import ANALYTICS, SECURITY
from tests.assurance.reconciliation import builders

EXPECTED = {ANALYTICS.name: Counter[str | None](["a", "b", "b"]), SECURITY.name: Counter[str | None](["a"])}


def test_equal_contents_are_balanced_in_any_order() -> None:
    held = {SECURITY.name: Counter[str | None]("a"), ANALYTICS.name: Counter[str | None]("bab")}
    report = compare_sink("lake", held, EXPECTED)
    assert report.balanced
    assert report.rows == {ANALYTICS.name: 3, SECURITY.name: 1}


def test_each_discrepancy_is_found_by_id_and_in_its_topic() -> None:
    held = {ANALYTICS.name: Counter[str | None](["a", "a", "b"]), SECURITY.name: Counter[str | None](["b"])}
    report = compare_sink("lake", held, EXPECTED)
    assert (report.missing, report.duplicates, report.unexpected) == (2, 1, 1)
    assert (report.missing_ids, report.duplicate_ids, report.unexpected_ids) == (["b", "a"], ["a"], ["b"])
    assert not report.balanced


def test_an_absent_topic_is_missing_and_an_unknown_one_unexpected() -> None:
    assert compare_sink("lake", {}, EXPECTED).missing == 4
    assert compare_sink("lake", {"clickstream.enriched.other.v1": Counter(["x"])}, {}).unexpected == 1


def test_enriched_ids_are_counted_from_observed_records() -> None:
    a = builders.raw("a")
    observed = [builders.enriched(a), builders.enriched(a), builders.late(a), builders.failed(a)]
    assert enriched_ids(observed, [ANALYTICS.name, SECURITY.name]) == {
        ANALYTICS.name: Counter({"a": 2}),
        SECURITY.name: Counter(),
    }
