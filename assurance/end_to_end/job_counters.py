"""The job's own counters, read from Flink's REST API and summed over functions and subtasks."""

import time
from collections import Counter
from collections.abc import Iterable

import httpx

from assurance.reconciliation.summary import Lookups
from enrichment_job.metric_names import CounterName


def job_counters(rest_url: str, job_id: str, names: Iterable[CounterName]) -> Counter[str]:
    """Counters since the tasks' last start; a counter that no task has is 0."""
    wanted = set(names)
    total: Counter[str] = Counter()
    with httpx.Client(base_url=rest_url, timeout=10, trust_env=False) as client:
        for vertex in client.get(f"/jobs/{job_id}").raise_for_status().json()["vertices"]:
            path = f"/jobs/{job_id}/vertices/{vertex['id']}/subtasks/metrics"
            known = [metric["id"] for metric in client.get(path).raise_for_status().json()]
            ids = [known_id for known_id in known if known_id.rsplit(".", 1)[-1] in wanted]
            if not ids:
                continue
            for metric in client.get(path, params={"get": ",".join(ids), "agg": "sum"}).raise_for_status().json():
                total[metric["id"].rsplit(".", 1)[-1]] += int(metric["sum"])
    return total


_FETCH_S = 1.5
"""Longer than the JobManager's interval for fetching metrics: a first request only makes it fetch."""


def lookups(rest_url: str, job_id: str) -> Lookups:
    """What the job asked of its cache and of the lookup service."""
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
