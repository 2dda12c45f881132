"""The submission ends with exit code 2 and says why, before anything is submitted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.flink.property_groups import changed, read, write
from deploy.jobs import ACCOUNT_SECURITY
from deploy.paths import PROJECT
from tests.applications.account_security.rule_files import FILES


def _submit(properties: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", ACCOUNT_SECURITY.entry],
        cwd=PROJECT,
        env={**os.environ, "APPLICATION_PROPERTIES": str(properties), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.slow
@pytest.mark.servers
def test_every_wrong_rule_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name, text in {**FILES, "x.yml": "\nname: 7", "y.yml": "title: a rule without a name"}.items():
        (tmp_path / "rules" / name).write_text(text)
    code, lines = _submit(write(tmp_path / "properties.json", read(ACCOUNT_SECURITY.reference)))
    assert code == 2
    assert [line.partition(":")[0] for line in lines] == ["rules", "rules"]
    assert lines[0].startswith("rules: x.yml:2: ")
    assert lines[1].startswith("rules: y.yml:1: ")


@pytest.mark.slow
@pytest.mark.servers
def test_a_wrong_property_is_named(tmp_path: Path) -> None:
    groups = changed(read(ACCOUNT_SECURITY.reference), {"logs": {"facet.events": "many"}})
    code, lines = _submit(write(tmp_path / "properties.json", groups))
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("configuration: logs: ")
