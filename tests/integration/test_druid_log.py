"""An access log, years old, in a real Druid, compared with the ledger by the user's command."""

from pathlib import Path

from contracts import topics
from producers.access_log.replay import ReadReport, ReplaySettings, replay
from tests.integration.conftest import Pipeline
from tests.integration.druid_run import druid_run, module, needs_druid, sending
from tests.producers.access_log.made_log import LINES, made_log

PER_SECOND = 400
pytestmark = needs_druid


def test_an_old_access_log_is_in_druid_once_after_its_tasks_were_killed(pipeline: Pipeline, tmp_path: Path) -> None:
    run = pipeline()
    path = tmp_path / "access.log"
    path.write_bytes(made_log())
    report = ReadReport()
    records = replay(ReplaySettings(path=path), report)
    with druid_run(run, "analytics", options=["--keep-forever"]) as druid:
        with sending(run, records, PER_SECOND) as sender:
            druid.wait_for_rows(500)
            assert sender.is_alive()
            assert druid.kill_tasks() == 3
        balance = run.outcome().balance
        assert balance.balanced, balance
        assert (balance.raw, report.unparsable) == (LINES - 1, 1)
        assert balance.enriched[topics.ANALYTICS.name] > 9_900
        audited = module("assurance.reconciliation", "audit", "--bootstrap-servers", run.stack.bootstrap_servers)
        checked = druid.compare("--purpose", "analytics")
        # Both commands also see the events that other tests have left in the topics.
        assert checked.returncode == audited.returncode, checked.stdout + checked.stderr
        lines = checked.stdout.splitlines()[:3]
        assert all(line.endswith(" events, as in the ledger") for line in lines), lines
