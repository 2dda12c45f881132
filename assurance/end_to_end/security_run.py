"""The job account_security beside the enrichment: submitted with it, and waited for until each event has a verdict."""

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from assurance.end_to_end.quiet_topics import wait_until_quiet
from assurance.reconciliation.security.outputs import judged_events, read_verdicts
from assurance.reconciliation.security.summary import SecuritySummary, sum_up
from assurance.reconciliation.security.truth import read_truth
from contracts.fixed_topics import VERDICTS
from deploy.jobs import ACCOUNT_SECURITY as JOB
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_QUIET_S = 2.0
"""Many times the local checkpoint interval: an event's verdict changes until all that its facets know is told."""


@dataclass(frozen=True)
class SecurityRun:
    stack: LocalStack
    job_id: str

    @classmethod
    def start(cls, stack: LocalStack, parallelism: int, console: Console) -> "SecurityRun":
        began = time.monotonic()
        job_id = submit(stack, JOB, parallelism=parallelism)
        console.print(f"the account security job runs ({time.monotonic() - began:.1f} s)")
        return cls(stack, job_id)

    def finish(self, idle_s: float, truth: Path | None) -> SecuritySummary:
        """Waits until every security event has a verdict, or nothing new comes for ``idle_s``.

        :raises assurance.reconciliation.security.truth.TruthError: if the file of the truth cannot be read.
        """
        bootstrap, quiet_s = self.stack.bootstrap_servers, _QUIET_S
        while True:
            wait_until_quiet(bootstrap, [VERDICTS.name], quiet_s)
            expected, found = judged_events(bootstrap), read_verdicts(bootstrap)
            if expected <= found.events.keys() or quiet_s >= idle_s:
                return sum_up(expected, found, None if truth is None else read_truth(truth))
            quiet_s = idle_s
