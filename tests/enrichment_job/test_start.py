"""The job's start with a configuration that cannot be used: exit code 2 and one line, before anything is submitted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.purposes.load import REFERENCE
from deploy.paths import PROJECT
from tests.core.privacy.keys import KEYS

pytestmark = pytest.mark.servers


def _start(folder: Path, policy: str, *, keys: bytes = KEYS) -> subprocess.CompletedProcess[str]:
    (folder / "purposes.yaml").write_text(policy)
    (folder / "keys.json").write_bytes(keys)
    groups = {
        "kafka": {"bootstrap.servers": "127.0.0.1:1"},
        "lookup": {"url": "http://127.0.0.1:1"},
        "privacy": {"keys.source": f"file:{folder / 'keys.json'}"},
    }
    properties = folder / "application_properties.json"
    properties.write_text(json.dumps([{"PropertyGroupId": name, "PropertyMap": keys} for name, keys in groups.items()]))
    return subprocess.run(
        [sys.executable, "-m", "enrichment_job.main"],
        cwd=PROJECT,
        env={"APPLICATION_PROPERTIES": str(properties), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("page_title: drop", "page_titel: drop", "unknown field 'page_titel'"),
        ("page_title: drop", "page_title: hide", "unknown action 'hide'"),
        ("    topic: clickstream.enriched.security.v1\n", "", "purpose 'security' has no topic"),
        ("enriched.security.v1", "enriched.analytics.v1", "have one topic, clickstream.enriched.analytics.v1"),
    ],
)
def test_an_invalid_policy_stops_the_start_with_line_and_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    policy = REFERENCE.read_text()
    assert old in policy
    ended = _start(tmp_path, policy.replace(old, new, 1))
    assert ended.returncode == 2, ended.stderr
    [line] = ended.stderr.splitlines()
    assert line.startswith("configuration: purposes.yaml: line ")
    assert said in line


def test_without_usable_keys_there_is_no_start(tmp_path: Path) -> None:
    ended = _start(tmp_path, REFERENCE.read_text(), keys=b"{}")
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("configuration: the key ring is not as it should be")
