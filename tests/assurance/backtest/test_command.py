"""The command's report and its exit codes."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from assurance.backtest.__main__ import app
from tests.assurance.backtest.inputs.test_reading import LINES, write_ndjson
from tests.assurance.backtest.security_samples import RULES, sign_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(RULES)
    events = [sign_in(number, agent="curl/8") for number in range(5)]
    write_ndjson(tmp_path / "events.ndjson", events)
    truth = [
        {"event_id": event.event_id, "scenario": "s", "kind": "k", "intensity": "above", "is_attack": True}
        for event in events
    ]
    (tmp_path / "truth.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, truth)))
    return tmp_path


def run(folder: Path, *arguments: str, source: str = "events.ndjson") -> tuple[int, str, str]:
    words = ["--rules", str(folder / "rules"), "--input", str(folder / source), *arguments]
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


def test_the_report(folder: Path) -> None:
    code, shown, _ = run(folder, "--labels", str(folder / "truth.jsonl"), "--challenge-rate", "0.5", "--top", "1")
    assert code == 0
    lines = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in shown.splitlines()]
    assert ["sign_in", "5", "0", "5", "0", "100.000%"] in lines
    assert ["sign_in", "0.600", "100.000%", "50.000%", "above every score", "0.000%"] in lines
    assert ["stuffing", "live", "0.73", "5", "100.0%"] in lines
    assert ["sign_in", "challenge", "deny", "5"] in lines
    assert ["k", "above", "1", "1", "5", "5", "5"] in lines
    assert "The 1 most suspicious subjects" in shown
    assert "5 failed sign-ins from this address within 15 minutes (limit 5)" in shown
    assert "198.51.100.7" not in shown


def test_clients_are_shown_only_if_asked_for(folder: Path) -> None:
    assert "198.51.100.7, curl/8" in run(folder, "--show-clients")[1]


def test_problems_of_rules_are_told_with_file_and_line(folder: Path) -> None:
    (folder / "rules" / "b.yml").write_text("name: odd\ntitle: Odd\n")
    code, _, told = run(folder)
    assert code == 1
    assert f"{folder / 'rules' / 'b.yml'}:1: " in told


@pytest.mark.parametrize(
    ("arguments", "source", "message"),
    [
        ((), "missing", "no such file"),
        (("--labels", "missing.jsonl"), "events.ndjson", "missing.jsonl"),
        (("--from", "2030-01-01"), "events.ndjson", "no security event"),
        (("--from", "someday"), "events.ndjson", "ISO 8601"),
    ],
)
def test_a_wrong_input_has_a_code_of_its_own(
    folder: Path, arguments: tuple[str, ...], source: str, message: str
) -> None:
    code, _, told = run(folder, *arguments, source=source)
    assert code == 2
    assert message in told


def test_an_access_log_needs_a_database_of_places(folder: Path) -> None:
    (folder / "access.log").write_text(LINES)
    code, _, told = run(folder, "--geoip-city", str(folder / "none.mmdb"), source="access.log")
    assert code == 2
    assert "none.mmdb does not exist" in told
