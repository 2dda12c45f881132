"""Gauges of the job that show the state of the opt-outs' mirror."""

from typing import Protocol

from common.opt_outs.suppression import Health
from enrichment_job.metric_names import GaugeName, Gauges

_NAMES: tuple[GaugeName, ...] = (
    "suppression_age_ms",
    "suppression_size",
    "suppression_skipped",
    "suppression_store_lost",
)
_TO_CLOUDWATCH = "KinesisAnalytics"
"""The managed service exports only this group of an application's own metrics to CloudWatch."""
_SECOND_MS = 1_000


class _Distribution(Protocol):
    def update(self, value: int) -> None: ...


class _MetricGroup(Protocol):
    def distribution(self, name: str) -> _Distribution: ...

    def add_group(self, name: str) -> "_MetricGroup": ...


class _Mirror(Protocol):
    def health(self) -> Health: ...


class OptOutGauges:
    """Of one function instance. Only the task's own thread may call :meth:`flush`."""

    def __init__(self, group: _MetricGroup, mirror: _Mirror | None) -> None:
        self._mirror = mirror
        groups = [] if mirror is None else [group, group.add_group(_TO_CLOUDWATCH)]
        self._gauges = [Gauges(each, *_NAMES) for each in groups]

    def flush(self) -> None:
        if self._mirror is None:
            return
        health = self._mirror.health()
        for gauges in self._gauges:
            # In whole seconds: a healthy mirror's age is always 0, and a value that stays costs no call into the JVM.
            gauges.set("suppression_age_ms", health.age_ms // _SECOND_MS * _SECOND_MS)
            gauges.set("suppression_size", health.size)
            gauges.set("suppression_skipped", health.skipped)
            gauges.set("suppression_store_lost", int(health.store_lost))
