"""What ``cdk synth`` runs, with the sizes taken from its context."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.paths import PROJECT


@pytest.mark.servers
def test_the_context_sets_environment_and_size(tmp_path: Path) -> None:
    context = {"environment": "staging", "peak": "500", "daily": "10000000"}
    done = subprocess.run(
        [sys.executable, "-m", "deploy.cdk"],
        cwd=PROJECT,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": json.dumps(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "ClickstreamApplication-staging.template.json").read_text()
    (job,) = (
        resource["Properties"]
        for resource in json.loads(text)["Resources"].values()
        if resource["Type"] == "AWS::KinesisAnalyticsV2::Application"
    )
    assert job["ApplicationName"] == "clickstream-staging-enrichment"
    flink = job["ApplicationConfiguration"]["FlinkApplicationConfiguration"]
    assert flink["ParallelismConfiguration"]["Parallelism"] == 1


def test_the_cdk_command_runs_this() -> None:
    settings = json.loads((PROJECT / "cdk.json").read_text())
    assert settings["app"].split()[1:] == ["-m", "deploy.cdk"]
