"""The submission ends with exit code 2 and says why, before anything is submitted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.flink.property_groups import changed, read, write
from deploy.jobs import FEATURES
from deploy.paths import FEATURES_FILE, PROJECT


def _submit(properties: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", FEATURES.entry],
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
def test_every_wrong_feature_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = FEATURES_FILE.read_text().replace("aggregation: count", "aggregation: counter", 2)
    (tmp_path / "features.yaml").write_text(wrong)
    code, lines = _submit(write(tmp_path / "properties.json", read(FEATURES.reference)))
    assert code == 2
    assert len(lines) >= 2
    assert all(line.startswith("features: line ") for line in lines)


@pytest.mark.slow
@pytest.mark.servers
def test_a_wrong_property_is_named(tmp_path: Path) -> None:
    groups = changed(read(FEATURES.reference), {"features": {"publish.ms": "often"}})
    code, lines = _submit(write(tmp_path / "properties.json", groups))
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("configuration: features: ")
