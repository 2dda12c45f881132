"""Counts of a lake by purpose and day, and its comparison with what was enriched."""

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.reconciliation.sinks.lake import compare_lake
from contracts.topics import ANALYTICS, PERSONALIZATION, SECURITY
from lake.__main__ import app
from lake.count import Count, counts, event_ids
from lake.store import LakeStore, open_lake_store
from tests.lake.lakes import HOUR, fill, write


@pytest.fixture
def lake(tmp_path: Path) -> LakeStore:
    for hour in (HOUR, HOUR.replace("07", "08"), HOUR.replace("analytics", "security")):
        (tmp_path / hour).mkdir(parents=True)
    store = open_lake_store(tmp_path)
    fill(store)
    write(store, f"{HOUR.replace('07', '08')}/part-1", event_id=["c", "d"])
    write(store, f"{HOUR.replace('analytics', 'security')}/part-1", event_id=["a"])
    (tmp_path / HOUR / ".uncompacted-part-9").write_bytes(b"not complete")
    return store


def test_rows_and_distinct_ids_by_purpose_and_day(lake: LakeStore) -> None:
    assert counts(lake) == [
        Count("analytics", "2024-05-01", rows=5, events=4, files=3),
        Count("security", "2024-05-01", rows=1, events=1, files=1),
    ]
    assert event_ids(lake) == {"analytics": Counter({"c": 2, "a": 1, "b": 1, "d": 1}), "security": Counter({"a": 1})}


def test_the_command_prints_the_counts(tmp_path: Path, lake: LakeStore) -> None:
    done = CliRunner().invoke(app, ["count", str(tmp_path)])
    assert done.exit_code == 0
    (row,) = [line for line in done.stdout.splitlines() if "analytics" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["analytics", "2024-05-01", "5", "4", "3"]


def test_a_lake_is_compared_with_what_was_enriched(lake: LakeStore) -> None:
    enriched = {ANALYTICS.name: Counter[str | None]("abccd"), SECURITY.name: Counter[str | None]("a")}
    assert compare_lake(lake, enriched).balanced
    assert compare_lake(lake, enriched).rows == {ANALYTICS.name: 5, SECURITY.name: 1}
    more = enriched | {PERSONALIZATION.name: Counter[str | None]("a")}
    assert compare_lake(lake, more).missing_ids == ["a"]
    assert compare_lake(lake, more, ["analytics", "security"]).balanced


def test_a_missing_lake_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["count", str(tmp_path / "nowhere")])
    assert done.exit_code == 2
    assert done.stderr.startswith("lake: ")
