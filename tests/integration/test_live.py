"""The live view beside a running job: what it prints is what came out."""

import re
import subprocess
import sys
import time

from local_stack.paths import PROJECT
from producers.generator import GeneratorSettings, generate

from .conftest import Pipeline


def test_the_printed_frame_has_what_came_out(pipeline: Pipeline) -> None:
    run = pipeline()
    seconds = 12
    command = [sys.executable, "-m", "live", "--bootstrap-servers", run.stack.bootstrap_servers]
    with subprocess.Popen(
        [*command, "--seconds", str(seconds)], cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={"COLUMNS": "120"}
    ) as view:
        time.sleep(3)  # it starts at the topics' end, which must not move before
        run.send(generate(GeneratorSettings(events=1_000, users=2_000, listings=5_000)))
        printed, _ = view.communicate(timeout=seconds + 30)
    assert view.returncode == 0
    balance = run.outcome().balance
    assert balance.balanced
    last = printed[printed.rindex("outcomes") :]
    counted = re.findall(r"(enriched|late|failed) .*?([\d,]+) in all", last)
    found = {name: int(count.replace(",", "")) for name, count in counted}
    assert found == {"enriched": sum(balance.enriched.values()), "late": balance.late, "failed": balance.failed}
    assert re.search(r"p50 +[\d,]+ ms", last)
    assert re.search(r"crawlers +[\d.]+%", last)
    assert re.search(r"[A-Z]{2} +█", last)
