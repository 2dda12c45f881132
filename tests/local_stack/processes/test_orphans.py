import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from local_stack.processes.orphans import PidRecord, PidRegistry, describe, living
from tests.local_stack.conftest import eventually, gone

COMMAND = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(COMMAND) as process:
        yield process
        process.kill()


@pytest.fixture
def registry(tmp_path: Path) -> PidRegistry:
    return PidRegistry(tmp_path / "pids")


def _record(process: subprocess.Popen[bytes]) -> PidRecord:
    assert eventually(lambda: tuple(psutil.Process(process.pid).cmdline()) == COMMAND)
    return describe("sleeper", process.pid, COMMAND)


def _orphaned(record: PidRecord) -> PidRecord:
    """As if the launcher had died and its id gone to somebody else."""
    return msgspec.structs.replace(record, launcher_create_time=record.launcher_create_time - 1000)


def test_an_orphan_is_stopped_named_and_forgotten(
    sleeper: subprocess.Popen[bytes], registry: PidRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    record = _orphaned(_record(sleeper))
    registry.add(record)
    assert registry.stop_orphans() == [record]
    assert gone(sleeper.pid)
    assert registry.records() == []
    shown = capsys.readouterr()
    assert f"pid={sleeper.pid}" in shown.out + shown.err


def test_a_process_whose_launcher_lives_is_left_alone(sleeper: subprocess.Popen[bytes], registry: PidRegistry) -> None:
    record = _record(sleeper)
    registry.add(record)
    assert registry.stop_orphans() == []
    assert sleeper.poll() is None
    assert registry.records() == [record]


@pytest.mark.parametrize("lie", ["create_time", "command"])
def test_what_is_not_provably_ours_is_never_touched(
    sleeper: subprocess.Popen[bytes], registry: PidRegistry, lie: str
) -> None:
    record = _orphaned(_record(sleeper))
    if lie == "create_time":
        record = msgspec.structs.replace(record, create_time=record.create_time - 60)
    else:
        record = msgspec.structs.replace(record, command=("java", "-jar", "x"))
    registry.add(record)
    assert registry.stop_orphans() == []
    assert sleeper.poll() is None
    assert registry.records() == []


def test_a_process_that_is_gone_is_not_living(sleeper: subprocess.Popen[bytes]) -> None:
    record = _record(sleeper)
    assert living(record) is not None
    sleeper.kill()
    sleeper.wait()
    assert living(record) is None


def test_a_damaged_file_does_not_stop_the_start(registry: PidRegistry, tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / "kafka-1.json").write_text("{")
    assert registry.stop_orphans() == []
