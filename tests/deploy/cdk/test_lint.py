"""cfn-lint has nothing to say about the templates."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.jobs import JOBS
from tests.deploy.cdk.conftest import Synthesised

LINTER = str(Path(sys.executable).with_name("cfn-lint"))
IGNORED = {
    # CDK adds a DependsOn for a role's policy, and one for the role along with it, which is already implied.
    "W3005": "redundant dependency",
}


@pytest.mark.parametrize("name", ["foundation", *JOBS])
def test_the_template_passes(stacks: Synthesised, name: str) -> None:
    path = {"foundation": stacks.foundation, **stacks.jobs}[name].path
    done = subprocess.run(
        [LINTER, "--ignore-checks", ",".join(IGNORED), "--template", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_would_find_a_fault(stacks: Synthesised, tmp_path_factory: pytest.TempPathFactory) -> None:
    broken = tmp_path_factory.mktemp("broken") / "template.json"
    broken.write_text(stacks.application.path.read_text().replace('"FLINK-2_2"', '"FLINK-0_0"'))
    done = subprocess.run([LINTER, "--template", str(broken)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "FLINK-0_0" in done.stdout
