"""How the mirror of the opt-outs is, as levels of the job."""

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
"""Of an application's own metrics the managed service hands on those of this group alone."""
_SECOND_MS = 1_000


class _Distribution(Protocol):
    def update(self, value: int) -> None: ...


class _MetricGroup(Protocol):
    def distribution(self, name: str) -> _Distribution: ...

    def add_group(self, name: str) -> "_MetricGroup": ...


class _Mirror(Protocol):
    def health(self) -> Health: ...


class OptOutGauges:
    """Of one function instance, to be flushed by the task's own thread."""

    def __init__(self, group: _MetricGroup, mirror: _Mirror | None) -> None:
        self._mirror = mirror
        groups = [] if mirror is None else [group, group.add_group(_TO_CLOUDWATCH)]
        self._levels = [Gauges(each, *_NAMES) for each in groups]

    def flush(self) -> None:
        if self._mirror is None:
            return
        health = self._mirror.health()
        for levels in self._levels:
            # In whole seconds: a healthy mirror's age is 0 all the time, and costs no call into the JVM.
            levels.set("suppression_age_ms", health.age_ms // _SECOND_MS * _SECOND_MS)
            levels.set("suppression_size", health.size)
            levels.set("suppression_skipped", health.skipped)
            levels.set("suppression_store_lost", int(health.store_lost))
