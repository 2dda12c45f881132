"""Reads the job's counters from Flink's REST API, summed over functions and subtasks."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

import httpx

from applications.features.store.gauges import STORE_GAUGES
from assurance.reconciliation.reporting.summary import Lookups
from enrichment_job.metric_names import CounterName


def job_counters(
    rest_url: str, job_id: str, names: Iterable[str], *, over: Literal["sum", "max"] = "sum"
) -> Counter[str]:
    """Metric → value since the tasks' last start; 0 for one that no task has.

    :param over: how the values of an operator's subtasks become one. Those of several operators are added.
    """
    wanted = set(names)
    total: Counter[str] = Counter()
    with httpx.Client(base_url=rest_url, timeout=10, trust_env=False) as client:
        for vertex in client.get(f"/jobs/{job_id}").raise_for_status().json()["vertices"]:
            path = f"/jobs/{job_id}/vertices/{vertex['id']}/subtasks/metrics"
            known = [metric["id"] for metric in client.get(path).raise_for_status().json()]
            ids = [known_id for known_id in known if known_id.rsplit(".", 1)[-1] in wanted]
            if not ids:
                continue
            for metric in client.get(path, params={"get": ",".join(ids), "agg": over}).raise_for_status().json():
                total[metric["id"].rsplit(".", 1)[-1]] += int(metric[over])
    return total


_FETCH_S = 1.5
"""Longer than the JobManager's interval for fetching metrics. The first request only triggers the fetch."""


def lookups(rest_url: str, job_id: str) -> Lookups:
    """How many keys the job looked up, and how many of them its cache had."""
    names: tuple[CounterName, ...] = ("lookup_keys", "lookup_cache_hits", "lookup_requests")
    job_counters(rest_url, job_id, names)
    time.sleep(_FETCH_S)
    found = job_counters(rest_url, job_id, names)
    keys = found["lookup_keys"]
    return Lookups(
        keys=keys,
        requests=found["lookup_requests"],
        cache_hit_ratio=round(found["lookup_cache_hits"] / keys, 4) if keys else 0.0,
    )


class Written(NamedTuple):
    """What a job's store of features says. ms."""

    states: int
    p50: float
    p99: float


def written(rest_url: str, job_id: str) -> Written:
    """How many states were written, and how long the last few thousand took from the operator to the store."""
    job_counters(rest_url, job_id, STORE_GAUGES)
    time.sleep(_FETCH_S)
    found = job_counters(rest_url, job_id, STORE_GAUGES, over="max")
    return Written(found["store_written"], found["store_p50_us"] / 1000, found["store_p99_us"] / 1000)
