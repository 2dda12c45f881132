"""``flink run`` for a Python job, and the reason when it fails."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.cli.log_tail import tail
from local_stack.errors import JobSubmitError, NotReadyError
from local_stack.flink.jvm import FlinkJvm
from local_stack.processes.orphans import PidRegistry
from local_stack.processes.process import ManagedProcess

_JOB_ID = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")
_PYTHON_ERROR = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Warning)(?::.*)?$")
_CAUSED_BY = re.compile(r"^\s*Caused by: (.*)$")
_END_OF_MESSAGE = re.compile(r"^\s*at |^\s*$|^\d{4}-\d\d-\d\dT|^org\.apache\.flink\.client\.program\.")
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT")
_WRAPPER = "Python process exits with code"
_READY_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One job to submit. ``savepoint`` is a path or URI of a savepoint or retained checkpoint to start from."""

    entry: Path
    arguments: Sequence[str] = ()
    parallelism: int | None = None
    properties_path: Path | None = None
    savepoint: str | None = None
    allow_non_restored: bool = False
    jar: Path | None = None
    """For the job's own class loader, like the managed service's ``jarfile``."""
    python_files: Path | None = None
    """A folder for the path of client and task managers, like the managed service's ``pyFiles``."""
    env: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Flink settings of this job alone, such as its checkpoint interval. On the managed service its API has them."""


def run_arguments(submission: Submission, *, jobmanager: str) -> list[str]:
    """The arguments of ``flink``. ``jobmanager`` is host:port of its REST API."""
    arguments = ["run", "--detached", "--jobmanager", jobmanager]
    if submission.parallelism is not None:
        arguments += ["--parallelism", str(submission.parallelism)]
    if submission.savepoint is not None:
        arguments += ["--fromSavepoint", submission.savepoint]
    if submission.allow_non_restored:
        arguments.append("--allowNonRestoredState")
    if submission.jar is not None:
        arguments += ["--jarfile", str(submission.jar)]
    if submission.python_files is not None:
        arguments += ["--pyFiles", str(submission.python_files)]
    arguments += [f"-D{name}={value}" for name, value in submission.settings.items()]
    return [*arguments, "--python", str(submission.entry), *submission.arguments]


def submit(
    submission: Submission,
    jvm: FlinkJvm,
    *,
    jobmanager: str,
    log_path: Path,
    registry: PidRegistry | None = None,
) -> str:
    """Submit the job and return its id. Raises JobSubmitError with the job's own error line first."""
    env = {**jvm.environment(), **submission.env}
    if submission.properties_path is not None:
        env["APPLICATION_PROPERTIES"] = str(submission.properties_path)
    archive = jvm.archive("client")
    client = ManagedProcess(
        "flink-client",
        jvm.command("client", archive, run_arguments(submission, jobmanager=jobmanager)),
        log_path=log_path,
        env=env,
        cwd=jvm.working_dir,
        registry=registry,
    )
    log_path.unlink(missing_ok=True)
    client.start()
    try:
        code = client.wait(_READY_S)
    except NotReadyError as error:
        raise JobSubmitError(str(error)) from error
    finally:
        client.kill_hard()
        archive.finish(client.exit_code, representative=client.exit_code == 0)
    output = log_path.read_text(errors="replace")
    found = _JOB_ID.search(output)
    if code != 0 or found is None:
        raise JobSubmitError(f"{error_line(output)}\nthe end of {log_path}:\n{tail(log_path)}")
    return found.group(1)


def error_line(output: str) -> str:
    """What went wrong, in one or a few lines: the error of the last Python traceback, and Java's reason behind it."""
    lines = output.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    rest = lines[starts[-1] + 1 :] if starts else lines
    causes = [found.group(1) for line in lines if (found := _CAUSED_BY.match(line))]
    for number, line in enumerate(rest):
        if starts and _PYTHON_ERROR.match(line):
            # The message of an error from Java has some more lines before its stack.
            java = list(itertools.takewhile(lambda more: not _END_OF_MESSAGE.match(more), rest[number + 1 :]))
            inner = [cause for cause in causes if _WRAPPER not in cause]
            return "\n".join([line, *java, *inner[-1:]])
    if not starts:
        # A job that ends with a message of its own and no traceback, as for a bad configuration.
        own = [line for line in itertools.takewhile(lambda line: not _LOG_LINE.match(line), lines) if line.strip()]
        causes = own or causes
    return causes[-1] if causes else "the client gave no reason"
