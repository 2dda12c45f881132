"""``make replay`` as a user runs it: exit code, print-out and summary."""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts import topics
from ledger.summary import read_summary
from replay.options import OUTPUT
from tests.shared_data import ACCESS_LOG

PROJECT = Path(__file__).parents[2]


def _replay(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "replay", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_generated_stream() -> None:
    printed = _replay("--events", "5000", "--rate", "2000")
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.raw == 5_000
    assert summary.balanced
    assert summary.enriched[topics.ANALYTICS.name] + summary.late + summary.failed + summary.suppressed == 5_000
    assert summary.failed > 0
    assert summary.lookups is not None
    assert summary.lookups.requests > 0
    assert summary.latency_ms.read_committed.p99 is not None
    assert summary.timings_s["first_enriched_event"] > 0
    for said in ("Sample 3", "Failed", "Latency", "Balanced"):
        assert said in printed, said


@pytest.mark.skipif(not ACCESS_LOG.exists(), reason="the sample access log is not beside the project")
def test_a_real_access_log() -> None:
    printed = _replay("--input", str(ACCESS_LOG), "--format", "combined")
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.raw == 9_999  # one of the 10,000 lines is cut off and does not parse
    assert summary.balanced
    # A log of 2015 is not late as a whole.
    assert summary.enriched[topics.ANALYTICS.name] > 9_900
    assert "83.149.9.216" not in printed
