"""The parts of the JobManager's REST API that the stack needs, as plain values instead of JSON."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from local_stack.errors import FlinkRequestError, JobFailedError, NotReadyError

_POLL_S = 0.05
_FINAL = frozenset({"FAILED", "CANCELED", "FINISHED"})


@dataclass(frozen=True)
class Checkpoints:
    """Counts since the job was submitted, and the newest completed checkpoint."""

    completed: int
    in_progress: int
    failed: int
    restored: int
    latest_path: str | None
    latest_duration_ms: int | None
    latest_size_bytes: int | None


class FlinkRest:
    """A thin client; every method raises FlinkRequestError when the JobManager refuses or cannot be reached."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=10.0, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def free_slots(self) -> int:
        """Free slots of all registered TaskManagers; 0 while the JobManager does not answer yet."""
        try:
            return int(self._get("/overview")["slots-available"])
        except FlinkRequestError:
            return 0

    def taskmanagers(self) -> list[str]:
        """Ids of the registered TaskManagers."""
        return [str(found["id"]) for found in self._get("/taskmanagers")["taskmanagers"]]

    def jobs(self) -> dict[str, str]:
        """Job id → state of every job the cluster knows."""
        return {str(job["id"]): str(job["status"]) for job in self._get("/jobs")["jobs"]}

    def job_state(self, job_id: str) -> str:
        return str(self._get(f"/jobs/{job_id}")["state"])

    def vertex_states(self, job_id: str) -> dict[str, str]:
        """Vertex name → state."""
        return {str(vertex["name"]): str(vertex["status"]) for vertex in self._get(f"/jobs/{job_id}")["vertices"]}

    def restarts(self, job_id: str) -> int:
        """How often the job failed and was restarted since it was submitted; at most 16, the length of Flink's history.

        The metric ``numRestarts`` is no substitute: it is fetched in the background, and was seen to be seconds behind.
        """
        return len(self._get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"])

    def checkpoints(self, job_id: str) -> Checkpoints:
        found = self._get(f"/jobs/{job_id}/checkpoints")
        counts, latest = found["counts"], found["latest"]["completed"] or {}
        return Checkpoints(
            completed=int(counts["completed"]),
            in_progress=int(counts["in_progress"]),
            failed=int(counts["failed"]),
            restored=int(counts["restored"]),
            latest_path=latest.get("external_path"),
            latest_duration_ms=latest.get("end_to_end_duration"),
            latest_size_bytes=latest.get("state_size"),
        )

    def failure(self, job_id: str, lines: int = 30) -> str | None:
        """The first ``lines`` lines of the job's newest exception."""
        entries = self._get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return "\n".join(str(entries[0]["stacktrace"]).splitlines()[:lines]) if entries else None

    def wait_running(self, job_id: str, timeout_s: float) -> None:
        """Return once every vertex runs.

        Raises JobFailedError when the job has ended, NotReadyError after ``timeout_s``. Both have the job's newest
        exception, because a job that restarts without end shows it nowhere else.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            state, vertices = self.job_state(job_id), self.vertex_states(job_id)
            if state == "RUNNING" and vertices and set(vertices.values()) == {"RUNNING"}:
                return
            if state in _FINAL:
                raise JobFailedError(f"job {job_id} is {state}:\n{self.failure(job_id)}")
            if time.monotonic() > deadline:
                raise NotReadyError(f"job {job_id} is {state} with {vertices}:\n{self.failure(job_id)}")
            time.sleep(_POLL_S)

    def wait_state(self, job_id: str, state: str, timeout_s: float) -> None:
        """Return once the job is in ``state``. Raises JobFailedError for another final state, NotReadyError."""
        deadline = time.monotonic() + timeout_s
        while (found := self.job_state(job_id)) != state:
            if found in _FINAL:
                raise JobFailedError(f"job {job_id} is {found}, not {state}:\n{self.failure(job_id)}")
            if time.monotonic() > deadline:
                raise NotReadyError(f"job {job_id} is {found}, not {state}, after {timeout_s:g} s")
            time.sleep(_POLL_S)

    def cancel(self, job_id: str, timeout_s: float = 30.0) -> None:
        """Cancel without a savepoint; returns when the job has ended."""
        self._request("PATCH", f"/jobs/{job_id}", params={"mode": "cancel"})
        self.wait_state(job_id, "CANCELED", timeout_s)

    def stop_with_savepoint(self, job_id: str, timeout_s: float = 60.0, *, drain: bool = False) -> str:
        """Stop with a savepoint; returns the savepoint's path once the job has finished.

        :param drain: event time ends first, so that everything that waits for a time happens. The job is then over for
            good: its savepoint is not one to start from.
        """
        answer = self._request("POST", f"/jobs/{job_id}/stop", json={"drain": drain})
        trigger = answer["request-id"]
        deadline = time.monotonic() + timeout_s
        while True:
            outcome = self._get(f"/jobs/{job_id}/savepoints/{trigger}")
            if outcome["status"]["id"] == "COMPLETED":
                break
            if time.monotonic() > deadline:
                raise NotReadyError(f"the savepoint of job {job_id} was not complete after {timeout_s:g} s")
            time.sleep(_POLL_S)
        operation = outcome["operation"]
        if "failure-cause" in operation:
            raise FlinkRequestError(f"savepoint of job {job_id}: {operation['failure-cause']['stack-trace'][:2000]}")
        self.wait_state(job_id, "FINISHED", timeout_s)
        return str(operation["location"])

    def _get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - JSON, taken apart by the caller
        return self._request("GET", path, params=params)

    def _request(self, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401
        try:
            response = self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise FlinkRequestError(f"the JobManager at {self.url} does not answer: {error!r}") from error
        if response.is_error:
            raise FlinkRequestError(f"{method} {path}: {response.status_code} {response.text[:2000]}")
        return response.json()
