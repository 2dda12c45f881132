"""``python -m deploy.druid`` without a Druid."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.druid", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.servers
def test_show_has_the_specs_of_the_purposes() -> None:
    shown = json.loads(
        _command("show", "--purpose", "analytics", "--purpose", "security", "--prefix", "mine", "--sessions").stdout
    )
    assert [spec["spec"]["dataSchema"]["dataSource"] for spec in shown] == [
        "mine_analytics_events",
        "mine_analytics_visits",
        "mine_analytics_actions",
        "mine_security_events",
        "mine_sessions",
    ]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "--purpose", "fraud"), "there is no purpose 'fraud'"),
        (("query", "weather"), "no query 'weather'"),
        (("show", "--purposes", "missing.yaml"), "missing.yaml"),
        (("post", "--bootstrap-servers", "b:9092", "--url", "http://127.0.0.1:1"), "druid: http://127.0.0.1:1/"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = _command(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
