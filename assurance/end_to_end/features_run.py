"""The job features beside the others: submitted with them, and compared when all of them have come to rest."""

import time
from dataclasses import dataclass

from rich.console import Console

from assurance.end_to_end.quiet_topics import wait_until_quiet
from contracts.fixed_topics import FEATURES, SESSIONIZED
from deploy.jobs import FEATURES as JOB
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_QUIET_S = 3.0
"""Longer than what waits to be published and the local checkpoint interval together."""


@dataclass(frozen=True)
class FeaturesRun:
    stack: LocalStack
    job_id: str

    @classmethod
    def start(cls, stack: LocalStack, parallelism: int, console: Console) -> "FeaturesRun":
        began = time.monotonic()
        job_id = submit(stack, JOB, parallelism=parallelism)
        console.print(f"the features job runs ({time.monotonic() - began:.1f} s)")
        return cls(stack, job_id)

    def wait(self) -> None:
        """Until the jobs with features write no more."""
        wait_until_quiet(self.stack.bootstrap_servers, [SESSIONIZED.name, FEATURES.name], _QUIET_S)
