"""Keeps one job running: submits it, and submits it again from its last checkpoint when the JobManager has lost it.

A job that runs, restarts or waits for slots is left alone, so there is never a second one. Runs in Flink's image with
the standard library alone. ``/tmp/job-runs`` exists while every task of the job runs; the health check looks for it.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

REST = os.environ.get("FLINK_REST", "http://jobmanager:8081")
APP = Path(os.environ.get("APP_DIR", f"/opt/jobs/{os.environ.get('JOB', 'enrichment')}"))
"""The job's archive, unpacked."""
CHECKPOINTS = Path(os.environ.get("CHECKPOINTS", "/checkpoints"))
PARALLELISM = os.environ.get("PARALLELISM", "4")
RUNS = Path(os.environ.get("RUNS_FILE", "/tmp/job-runs"))  # noqa: S108 - this container's own
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED", "SUSPENDED"})
POLL_S = float(os.environ.get("POLL_S", "2"))
LOST_S = float(os.environ.get("LOST_S", "10"))
"""How long the JobManager must know of no job before the job counts as lost. One that has just started may not know its
job yet."""


def jobs() -> dict[str, str] | None:
    """Job id → state of those that have not ended; None while the JobManager does not answer."""
    try:
        with urllib.request.urlopen(f"{REST}/jobs/overview", timeout=5) as answer:  # noqa: S310 - http, as set
            found = json.load(answer)["jobs"]
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError):
        return None
    return {job["jid"]: _state(job) for job in found if job["state"] not in ENDED}


def _state(job: dict[str, object]) -> str:
    """RUNNING only when every task runs."""
    tasks = job["tasks"]
    whole = isinstance(tasks, dict) and tasks["total"] and tasks["running"] == tasks["total"]
    return "RUNNING" if job["state"] == "RUNNING" and whole else "WAITING"


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint of any job: Flink writes ``_metadata`` last."""
    found = [(path.stat().st_mtime_ns, path.parent) for path in folder.glob("*/chk-*/_metadata")]
    return max(found)[1] if found else None


def submit_command(checkpoint: Path | None) -> list[str]:
    """``flink run`` with the managed service's run options: the archive's only jar, its dependencies, its entry."""
    (jar,) = APP.glob("lib/*.jar")
    command = [f"{os.environ['FLINK_HOME']}/bin/flink", "run", "--detached", "--parallelism", PARALLELISM]
    if checkpoint is not None:
        # Not as_uri(): Flink does not decode, and would look for a folder whose name contains "%20".
        # Claimed: once the job has checkpoints of its own, it removes this one.
        command += ["--fromSavepoint", f"file://{checkpoint}", "--claimMode", "claim"]
    return [*command, "--jarfile", str(jar), "--pyFiles", str(APP / "dep"), "--python", str(APP / "main.py")]


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    RUNS.unlink(missing_ok=True)
    without_since: float | None = None
    while True:
        known = jobs()
        if known:
            without_since = None
            if set(known.values()) == {"RUNNING"}:
                RUNS.touch()
            else:
                RUNS.unlink(missing_ok=True)
        else:
            RUNS.unlink(missing_ok=True)
            without_since = None if known is None else without_since or time.monotonic()
            first = newest_checkpoint(CHECKPOINTS) is None
            if without_since is not None and (first or time.monotonic() - without_since >= LOST_S):
                checkpoint = newest_checkpoint(CHECKPOINTS)
                print(f"submitting the job from {checkpoint or 'the start'}", flush=True)
                subprocess.run(submit_command(checkpoint), check=False)
                without_since = None
        time.sleep(POLL_S)


if __name__ == "__main__":
    main()
