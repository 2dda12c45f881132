"""The submission ends with exit code 2 and says why, before anything is submitted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.flink.property_groups import changed, read, write
from deploy.jobs import BEHAVIOUR
from deploy.paths import FEATURES_FILE, PROJECT


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("is_named", [True, False])
def test_another_idle_time_than_that_of_the_features_is_refused(tmp_path: Path, is_named: bool) -> None:
    text = FEATURES_FILE.read_text().splitlines()
    (tmp_path / "features.yaml").write_text(
        "\n".join(each for each in text if is_named or not each.startswith("session_idle"))
    )
    groups = changed(read(BEHAVIOUR.reference), {"sessions": {"idle.ms": "600000"}})
    done = subprocess.run(
        [sys.executable, "-m", BEHAVIOUR.entry],
        cwd=PROJECT,
        env={
            **os.environ,
            "APPLICATION_PROPERTIES": str(write(tmp_path / "properties.json", groups)),
            "PYTHONPATH": str(PROJECT),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    line = 1 + next(number for number, each in enumerate(text) if each.startswith("session_idle")) if is_named else 1
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"features: line {line}: session_idle is 1800000 ms, and the job's sessions have 600000"
    ]
