"""The behaviour job beside the enrichment: submitted with it, and ended in order when it has read everything."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console

from assurance.end_to_end.quiet_topics import wait_until_quiet
from assurance.reconciliation.sessions.balance import SessionsSummary, balance_sessions
from assurance.reconciliation.sessions.outputs import read_outputs
from contracts.fixed_topics import BEHAVIOUR
from deploy.jobs import BEHAVIOUR as JOB
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_QUIET_S = 2.0
"""Many times the local checkpoint interval: what visitors tell each other passes the topic of messages twice."""
_DRAIN_S = 60.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class BehaviourRun:
    stack: LocalStack
    job_id: str

    @classmethod
    def start(cls, stack: LocalStack, parallelism: int, console: Console) -> "BehaviourRun":
        began = time.monotonic()
        job_id = submit(stack, JOB, parallelism=parallelism)
        console.print(f"the behaviour job runs ({time.monotonic() - began:.1f} s)")
        return cls(stack, job_id)

    def finish(self, idle_s: float, console: Console, before_the_end: Callable[[], _T]) -> tuple[SessionsSummary, _T]:
        """Waits until every event has its place, or nothing new comes for ``idle_s``. Then event time ends, so that all
        sessions do.

        :param before_the_end: what is to be done while the job still runs.
        """
        quiet_s = _QUIET_S
        while True:
            wait_until_quiet(self.stack.bootstrap_servers, [topic.name for topic in BEHAVIOUR], quiet_s)
            found = read_outputs(self.stack.bootstrap_servers)
            if found.sessionized.total() + found.late.total() >= found.read.total() or quiet_s >= idle_s:
                break
            quiet_s = idle_s
        done = before_the_end()
        console.print("event time ends, so that all sessions do …")
        self.stack.flink.rest.stop_with_savepoint(self.job_id, _DRAIN_S, drain=True)
        return balance_sessions(read_outputs(self.stack.bootstrap_servers)), done
