"""Flink's part of a keyed function, without a cluster. A job's tests add what else its functions use."""

from typing import Self

from tests.enrichment_job.operators.fake_flink import MetricGroup


class Flink:
    """Runtime context, state and context of the call, of one subtask."""

    def __init__(self) -> None:
        self.key, self.metrics = "", MetricGroup()
        self.values: dict[str, bytes] = {}
        self.timers: set[tuple[int, str]] = set()

    def get_metrics_group(self) -> MetricGroup:
        return self.metrics

    def get_state(self, _: object) -> Self:
        return self

    def value(self) -> bytes | None:
        return self.values.get(self.key)

    def update(self, value: bytes) -> None:
        self.values[self.key] = value

    def clear(self) -> None:
        self.values.pop(self.key, None)

    def get_current_key(self) -> str:
        return self.key

    def timer_service(self) -> Self:
        return self
