"""``make replay`` as a user runs it: exit code, printed report and summary."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assurance.end_to_end.options import OUTPUT
from assurance.reconciliation.reporting.summary import Summary, read_summary
from contracts import topics
from deploy.paths import PROJECT
from tests.producers.access_log.made_log import LINES, made_log

pytestmark = pytest.mark.timeout(900)
"""Each starts everything with four jobs. That takes two to three minutes, and more on a busy machine."""


def _replay(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "assurance.end_to_end", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_generated_stream() -> None:
    printed = _replay("--events", "5000", "--rate", "2000", "--attacks", "0")
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.raw == 5_000
    assert summary.balanced
    assert summary.enriched[topics.ANALYTICS.name] + summary.late + summary.failed + summary.suppressed == 5_000
    assert summary.failed > 0
    assert summary.lookups is not None
    assert summary.lookups.requests > 0
    assert summary.latency_ms.read_committed.p99 is not None
    assert summary.timings_s["first_enriched_event"] > 0
    assert summary.applications is not None
    sessions = summary.applications.sessions
    assert sessions.balanced
    assert sessions.events + sessions.without_visitor == summary.enriched[topics.BEHAVIOUR_EVENTS.name]
    assert sessions.ended == sessions.sessions > 100
    for text in ("Sample 3", "Failed", "Latency", "Balanced", "Sessions: Balanced", "entered at"):
        assert text in printed, text


def test_attacks_are_sent_beside_the_stream_and_judged() -> None:
    printed = _replay("--events", "3000", "--attacks", "12")
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.raw > 3_000, "scenarios and the past of their accounts come in addition"
    assert summary.balanced
    assert summary.applications is not None
    security = summary.applications.account_security
    assert security is not None
    assert security.balanced
    assert security.verdicts == security.events > 0
    assert sum(security.by_decision.values()) == security.verdicts
    assert security.precision is not None
    assert security.recall is not None
    _check_features(summary, printed)
    for text in ("Account security: Balanced", "Against the truth", "Verdicts in words"):
        assert text in printed, text


def _check_features(summary: Summary, printed: str) -> None:
    assert summary.applications is not None
    features = summary.applications.features
    assert features is not None
    assert features.balanced, features.parity.examples
    assert features.parity.compared > 10_000
    assert features.events > 3_000
    assert features.entities > 1_000
    assert features.written >= features.entities
    assert features.visitor is not None
    assert features.visitor.features["browser__listing_views__24h"]
    assert len(features.visitor.recommended) == 3
    for text in ("Features: Balanced", "One visitor", "Recommended to this visitor by"):
        assert text in printed, text


def test_an_access_log(tmp_path: Path) -> None:
    path = tmp_path / "my access.log"
    path.write_bytes(made_log())
    printed = _replay("--input", str(path))
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.raw == LINES - 1  # one line is cut off and invalid
    assert summary.balanced
    # A log of 2015 is not late, because event time follows the log.
    assert summary.enriched[topics.ANALYTICS.name] > LINES - 100
    assert made_log().split()[0].decode() not in printed


def test_an_interrupted_replay_balances_what_was_sent_and_exits_with_130() -> None:
    arguments = [sys.executable, "-m", "assurance.end_to_end", "--events", "20000", "--rate", "400"]
    with subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as done:
        assert done.stdout is not None
        lines = iter(done.stdout.readline, "")
        assert any(line.startswith("progress: sent=") for line in lines)
        done.send_signal(signal.SIGINT)
        printed = done.stdout.read()
        assert done.wait(timeout=120) == 130, printed
    summary = read_summary(OUTPUT / "summary.json")
    assert summary.interrupted
    assert summary.balanced
    assert 0 < summary.raw < 20_000
    assert "Interrupted: the remaining events were not sent" in printed
    assert "Balanced" not in printed


def test_input_without_a_valid_event_exits_with_1(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text('{"event_id":"e-0000001","event_name":"no event"}\n' * 20)
    done = subprocess.run(
        [sys.executable, "-m", "assurance.end_to_end", "--input", str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no event was understood" in done.stdout
