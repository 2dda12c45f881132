"""What can go wrong in the stack.

SetupError                 (deploy.build.errors) also what a missing tool or a failed build raises
└── StackError
    ├── ProcessExitedError    a process ended that should be running
    ├── NotReadyError         a process or job runs, but was not ready in time
    ├── JobSubmitError        ``flink run`` refused the job, or the job's own main failed
    ├── JobFailedError        a submitted job has ended and will not run again
    └── FlinkRequestError     the JobManager's REST API refused a request

Each message is written for a person at a terminal, with the log's end where there is a log.
"""

from deploy.build.errors import SetupError


class StackError(SetupError):
    """Base of every error that this package raises on purpose."""


class ProcessExitedError(StackError):
    """A managed process ended by itself. ``log`` is all that it wrote; the message has the end of that."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class NotReadyError(StackError):
    """A process or job was not ready in time."""


class JobSubmitError(StackError):
    """The job could not be submitted. The message starts with the job's own error line."""


class JobFailedError(StackError):
    """The job ended as FAILED, or in a final state other than the expected one."""


class FlinkRequestError(StackError):
    """The REST API answered with an error, or not at all."""
