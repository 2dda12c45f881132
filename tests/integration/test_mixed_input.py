"""``make replay`` with 10,000 events, every odd one among them: none is lost, and each is counted by its oddity."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from assurance.end_to_end.options import OUTPUT
from assurance.reconciliation.reporting.summary import read_summary
from contracts import topics
from contracts.purposes.load import REFERENCE, load_purposes
from deploy.paths import PROJECT
from tests.integration.odd_events import ODD_EVENTS, Odd, mixed

EVENTS = 10_000


def _counts(events: list[tuple[bytes, Odd]]) -> dict[str, Counter[str]]:
    odd = [each for _, each in events]
    # Without consent, an event still goes to the security topic.
    kept = [each for value, each in events if not each.failed and (not each.suppressed or _is_for_security(value))]
    return {
        "repaired": Counter(note for each in kept for note in each.repaired),
        "suppressed_reasons": Counter(each.suppressed for each in odd if each.suppressed),
        "failed_reasons": Counter(each.failed for each in odd if each.failed),
        "invalid": Counter(status for each in kept for status in each.invalid),
    }


def _is_for_security(value: bytes) -> bool:
    (security,) = (each for each in load_purposes(REFERENCE) if each.consent == "not_needed")
    return security.takes(json.loads(value)["event_name"])


def test_every_odd_event_has_its_outcome_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "mixed.ndjson"
    values = list(mixed(EVENTS))
    path.write_bytes(b"".join(value + b"\n" for value, _ in values))
    done = subprocess.run(
        [sys.executable, "-m", "assurance.end_to_end", "--input", str(path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = read_summary(OUTPUT / "summary.json")
    assert (summary.balanced, summary.missing, summary.raw) == (True, 0, EVENTS)

    odd = [(value, each) for value, each in values if each is not None]
    assert {id(each) for _, each in odd} == {id(each) for each in ODD_EVENTS}, "some odd events were not sent"
    expected = _counts(odd)
    assert summary.repaired == expected["repaired"]
    assert summary.failed_reasons == expected["failed_reasons"]
    # Some generated events refuse consent, too.
    refused = sum(json.loads(value)["context"].get("consent") is False for value, each in values if each is None)
    assert summary.suppressed_reasons == expected["suppressed_reasons"] + Counter({"context.consent refused": refused})
    assert summary.invalid == expected["invalid"]
    assert summary.failed == expected["failed_reasons"].total()
    assert summary.late == 0
    others = summary.failed + summary.suppressed
    assert summary.enriched[topics.ANALYTICS.name] + others == EVENTS
    for text in ("Repaired or left out", "context.dvce_screenwidth rounded", "Keys that could not be used", "Balanced"):
        assert text in done.stdout, text
