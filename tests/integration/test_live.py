"""The live view and the exporter beside a running job show what the job has emitted."""

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx

from assurance.live.outputs import OUTCOMES
from contracts.topics import FAILED, LATE, SUPPRESSED
from deploy.paths import PROJECT
from producers.synthetic.generator import GeneratorSettings, generate
from tests.integration.conftest import Pipeline


def test_the_printed_frame_has_what_was_emitted(pipeline: Pipeline, tmp_path: Path) -> None:
    run = pipeline()
    seconds = 12
    servers = ["--bootstrap-servers", run.stack.bootstrap_servers]
    exporting = [sys.executable, "-m", "assurance.live.export", *servers, "--port", "0"]
    picture = tmp_path / "live.svg"
    viewing = [sys.executable, "-m", "assurance.live", *servers, "--seconds", str(seconds), "--picture", str(picture)]
    with (
        subprocess.Popen(exporting, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as exporter,
        subprocess.Popen(viewing, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={"COLUMNS": "120"}) as view,
    ):
        assert exporter.stdout is not None
        metrics = exporter.stdout.readline().split()[-1]
        time.sleep(3)  # both start at the topics' ends, so no event may be emitted before
        run.send(generate(GeneratorSettings(events=1_000, users=2_000, listings=5_000)))
        printed, _ = view.communicate(timeout=seconds + 30)
        outcome = run.outcome()
        exported = httpx.get(metrics, trust_env=False).text
        exporter.terminate()
    assert (view.returncode, exporter.returncode) == (0, 0)
    balance = outcome.balance
    assert balance.balanced
    last = printed[printed.rindex("by purpose and outcome") :]
    counted = re.findall(r"(\w+) +[\d,]+/s +([\d,]+) in all", last)
    found = {name: int(count.replace(",", "")) for name, count in counted}
    assert balance.suppressed > 0
    others = {LATE.name: balance.late, FAILED.name: balance.failed, SUPPRESSED.name: balance.suppressed}
    came = {**balance.enriched, **others}
    assert found == {name: came[topic] for topic, name in OUTCOMES.items()}
    assert re.search(r"p50 +[\d,]+ ms", last)
    assert re.search(r"crawlers +[\d.]+%", last)
    assert re.search(r"[A-Z]{2} +█", last)
    for name in ("personalization", "behaviour"):
        assert name in picture.read_text()

    seen = {topic: 0 for topic in outcome.records}
    for topic, count in re.findall(r'^events_visible_total\{.*topic="([^"]+)".*\} ([\d.]+)$', exported, re.MULTILINE):
        seen[topic] += int(float(count))
    assert seen == {topic: len(records) for topic, records in outcome.records.items()}
    assert f'event_visible_seconds_count{{purpose="analytics"}} {len(outcome.enriched):.1f}' in exported
