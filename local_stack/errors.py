"""What can go wrong in the stack.

SetupError                 (deploy.build.errors) also what a missing tool or a failed build raises
└── StackError
    ├── ProcessExitedError    a process ended that should be running
    ├── NotReadyError         a process runs, but was not ready in time
    ├── JobSubmitError        ``flink run`` refused the job, or the job's own main failed
    ├── JobFailedError        a submitted job is in a state it cannot come back from
    └── FlinkRequestError     the JobManager's REST API refused a request

Each message is written to be read by a person on a terminal, with the log's end where there is a log.
"""

from deploy.build.errors import SetupError


class StackError(SetupError):
    """Base of everything that this package raises by intent."""


class ProcessExitedError(StackError):
    """A managed process ended by itself. ``log`` is all of what it wrote; the message has the end of it."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class NotReadyError(StackError):
    """Something was not ready within its time."""


class JobSubmitError(StackError):
    """The job could not be submitted; the message starts with the job's own error line."""


class JobFailedError(StackError):
    """The job ended as FAILED, or another final state than the one waited for."""


class FlinkRequestError(StackError):
    """The REST API answered with an error."""
