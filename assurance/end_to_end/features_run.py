"""The job features beside the others: submitted with them, and compared when all of them have come to rest."""

import time
from dataclasses import dataclass

import httpx
from rich.console import Console

from assurance.end_to_end.job_counters import Written, written
from assurance.end_to_end.quiet_topics import wait_until_quiet
from assurance.reconciliation.features.outputs import read_feature_outputs
from assurance.reconciliation.features.parity import parity
from assurance.reconciliation.features.summary import FeaturesSummary, Freshness
from assurance.reconciliation.features.visitor import show_visitor
from contracts.fixed_topics import FEATURES, SESSIONIZED
from deploy.features.file import read_features
from deploy.jobs import FEATURES as JOB
from local_stack.jobs import submit
from local_stack.stack import LocalStack
from training.served_values import LookupService

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

    def wait(self, behaviour_job: str) -> list[Written]:
        """Until the jobs with features write no more. Returns what the stores of both have done."""
        wait_until_quiet(self.stack.bootstrap_servers, [SESSIONIZED.name, FEATURES.name], _QUIET_S)
        return [written(self.stack.flink.rest_url, job_id) for job_id in (behaviour_job, self.job_id)]

    def finish(self, stores: list[Written]) -> FeaturesSummary:
        """When all sessions are over.

        :param stores: see :meth:`wait`.
        :raises training.problems.TrainingError: if the lookup service cannot be asked.
        """
        outputs = read_feature_outputs(self.stack.bootstrap_servers)
        features, service = read_features(), LookupService(self.stack.lookup_url)
        try:
            compared = parity(outputs, features, service)
            with httpx.Client(base_url=self.stack.lookup_url, timeout=30, trust_env=False) as client:
                visitor = show_visitor(outputs, features, service, client)
        finally:
            service.close()
        used = [store for store in stores if store.states]
        return FeaturesSummary(
            events=outputs.events,
            entities=len(outputs.states),
            written=sum(store.states for store in stores),
            # Of the slower one of two jobs.
            freshness_ms=Freshness(max(each.p50 for each in used), max(each.p99 for each in used))
            if used
            else Freshness(),
            parity=compared,
            visitor=visitor,
        )
