"""The job is submitted once, and once more from its last checkpoint when the JobManager lost it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.flink import run_job
from deploy.paths import PROJECT

pytestmark = pytest.mark.servers

SCRIPT = Path(run_job.__file__)


class JobManager:
    """As much of the JobManager's REST API as the script asks for. ``jobs`` may be changed at any time."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"jobs": manager.jobs}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _checkpoints(folder: Path) -> Path:
    """With a blank in its name."""
    return folder / "check points"


def job(state: str = "RUNNING", running: int = 3) -> dict[str, Any]:
    return {"jid": "a", "state": state, "tasks": {"total": 3, "running": running}}


@pytest.fixture
def manager() -> Iterator[JobManager]:
    running = JobManager()
    yield running
    running.close()


@pytest.fixture
def submissions(tmp_path: Path, manager: JobManager) -> Iterator[Path]:
    """The script runs against ``manager``; each submission is a line of the file."""
    flink = tmp_path / "home" / "bin" / "flink"
    flink.parent.mkdir(parents=True)
    log = tmp_path / "submissions"
    log.touch()
    # Each argument in brackets, so that a blank inside of one shows.
    flink.write_text(f"#!/bin/sh\nprintf '[%s]' \"$@\" >>{log}\necho >>{log}\n")
    flink.chmod(0o755)
    _checkpoints(tmp_path).mkdir()
    (tmp_path / "app" / "lib").mkdir(parents=True)
    (tmp_path / "app" / "lib" / "clickstream-any.jar").touch()
    environment = {
        **os.environ,
        "FLINK_HOME": str(tmp_path / "home"),
        "FLINK_REST": manager.url,
        "APP_DIR": str(tmp_path / "app"),
        "CHECKPOINTS": str(_checkpoints(tmp_path)),
        "RUNS_FILE": str(tmp_path / "runs"),
        "POLL_S": "0.05",
        "LOST_S": "0.3",
        "PARALLELISM": "2",
    }
    process = subprocess.Popen([sys.executable, str(SCRIPT)], env=environment, stdout=subprocess.DEVNULL)
    yield log
    process.terminate()
    assert process.wait(10) == 0


def _eventually(found: Path, lines: int) -> list[str]:
    deadline = time.monotonic() + 10
    while len(read := found.read_text().splitlines()) < lines:
        assert time.monotonic() < deadline, read
        time.sleep(0.02)
    return read


def _checkpoint(folder: Path, job_id: str, number: int, age_s: float) -> Path:
    metadata = folder / job_id / f"chk-{number}" / "_metadata"
    metadata.parent.mkdir(parents=True)
    metadata.touch()
    os.utime(metadata, (time.time() - age_s,) * 2)
    return metadata.parent


def test_a_first_submission_starts_from_nothing(submissions: Path, tmp_path: Path) -> None:
    first = _eventually(submissions, 1)[0]
    app = tmp_path / "app"
    assert "[--parallelism][2]" in first
    assert "--fromSavepoint" not in first
    assert f"[--jarfile][{app}/lib/clickstream-any.jar]" in first
    assert f"[--pyFiles][{app}/dep][--python][{app}/main.py]" in first


def test_a_container_runs_the_job_that_it_names() -> None:
    def folder(**environment: str) -> str:
        command = [sys.executable, "-c", "from deploy.flink.run_job import APP; print(APP)"]
        kept = {name: text for name, text in os.environ.items() if name not in ("JOB", "APP_DIR")}
        done = subprocess.run(command, cwd=PROJECT, env=kept | environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert folder() == "/opt/jobs/enrichment"
    assert folder(JOB="lake") == "/opt/jobs/lake"


def test_a_job_that_lives_is_left_alone(submissions: Path, manager: JobManager, tmp_path: Path) -> None:
    _eventually(submissions, 1)
    manager.jobs = [job("RESTARTING", 0)]
    time.sleep(0.3)
    before = len(submissions.read_text().splitlines())
    for state in ("RESTARTING", "CREATED", "FAILING"):
        manager.jobs = [job(state, 0)]
        time.sleep(0.5)
    assert len(submissions.read_text().splitlines()) == before
    assert not (tmp_path / "runs").exists()
    manager.jobs = [job()]
    deadline = time.monotonic() + 5
    while not (tmp_path / "runs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_lost_job_comes_back_from_its_newest_checkpoint(
    submissions: Path, manager: JobManager, tmp_path: Path
) -> None:
    _eventually(submissions, 1)
    manager.jobs = [job()]
    time.sleep(0.3)
    seen = len(submissions.read_text().splitlines())
    _checkpoint(_checkpoints(tmp_path), "old", 900, age_s=60)
    newest = _checkpoint(_checkpoints(tmp_path), "new", 3, age_s=1)
    (_checkpoints(tmp_path) / "new" / "chk-4").mkdir()  # not complete
    manager.jobs = []
    again = _eventually(submissions, seen + 1)[-1]
    # Not encoded, for Flink takes %20 for three characters of a name.
    assert f"[--fromSavepoint][file://{newest}]" in again


def test_a_finished_job_does_not_count_as_one(manager: JobManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_job, "REST", manager.url)
    manager.jobs = [job("FINISHED"), job("CANCELED")]
    assert run_job.jobs() == {}
    manager.jobs = [job(running=2)]
    assert run_job.jobs() == {"a": "WAITING"}


def test_a_job_manager_that_does_not_answer_is_no_lost_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_job, "REST", "http://127.0.0.1:1")
    assert run_job.jobs() is None
