"""The hot path with spans: a class of its own, so that the other one has nothing to ask for each event."""

from collections.abc import Iterable
from typing import cast

from pyflink.datastream import ProcessFunction, RuntimeContext

from common.flink.side_outputs import Output
from enrichment_job.operators.hot_path import HotPath
from enrichment_job.tracing.event_traces import EventTraces


class TracedHotPath(HotPath):
    def open(self, runtime_context: RuntimeContext) -> None:
        super().open(runtime_context)
        self._traces = cast("EventTraces", self._instruments.traces)

    def process_element(self, value: bytes, ctx: ProcessFunction.Context) -> Iterable[Output]:
        return self._traces.leaving(value, ctx.timestamp(), super().process_element(value, ctx))
