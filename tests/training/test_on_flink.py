"""A training set in parts by a Flink batch job: the parts are the whole that one process computes."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.training.test_training_set import ANCHORS, made_lake
from training.training_set import app

pytestmark = pytest.mark.servers


def _run(lake: Path, anchors: Path, out: Path, parts: int) -> subprocess.CompletedProcess[str]:
    given = ["--lake", str(lake), "--anchors", str(anchors), "--out", str(out), "--parts", str(parts)]
    return subprocess.run(
        [sys.executable, "-m", "training.on_flink", *given], capture_output=True, text=True, check=False, timeout=200
    )


def test_its_parts_are_the_whole_and_a_second_run_replaces_them(tmp_path: Path) -> None:
    lake, anchors, out, whole = (
        made_lake(tmp_path / "lake"),
        tmp_path / "a.csv",
        tmp_path / "out",
        tmp_path / "w.parquet",
    )
    anchors.write_text(ANCHORS)
    done = CliRunner().invoke(app, ["--lake", str(lake), "--anchors", str(anchors), "--out", str(whole)])
    assert done.exit_code == 0, done.output
    for _ in range(2):
        ran = _run(lake, anchors, out, 2)
        assert ran.returncode == 0, ran.stderr[-2000:]
        files = sorted(out.iterdir())
        assert [each.name for each in files] == ["part-00001-of-00002.parquet", "part-00002-of-00002.parquet"]
        assert pa.concat_tables([pq.read_table(each) for each in files]).equals(pq.read_table(whole))


def test_a_part_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    lake, anchors = made_lake(tmp_path / "lake"), tmp_path / "a.csv"
    anchors.write_text("account,tstamp\nu1,1\n")  # found by the part, which looks for its purpose
    ran = _run(lake, anchors, tmp_path / "out", 1)
    assert ran.returncode == 2
    assert (
        ran.stderr.rstrip()
        .splitlines()[-1]
        .startswith("training set: TrainingError: there are no events of the purpose security")
    )


def test_what_is_wrong_with_the_anchors_is_told_before_any_job(tmp_path: Path) -> None:
    anchors = tmp_path / "a.csv"
    anchors.write_text("browser,at\nb1,1\n")
    ran = _run(made_lake(tmp_path / "lake"), anchors, tmp_path / "out", 1)
    assert (ran.returncode, "no column tstamp" in ran.stderr) == (2, True)
