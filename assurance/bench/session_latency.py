"""How long after the enriched event its stamped one can be read: both jobs in a row, under a steady load.

Each event's two receipts are compared, both by a consumer that reads committed records.
"""

import re
import threading
import time
from dataclasses import dataclass, replace

from rich.table import Table

from assurance.bench.open_loop import steady_stream
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import stack_options
from assurance.reconciliation.reporting.latency import Percentiles, percentiles
from common.kafka.topic_reader import TopicReader, end_offsets
from contracts.fixed_topics import SESSIONIZED
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.jobs import BEHAVIOUR, ENRICHMENT
from deploy.paths import STACK
from deploy.profiles import LATENCY, StateBackend
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_EVENT_ID = re.compile(rb'"event_id":"([^"]+)"')
_POLL_S = 0.02
_REST_S = 3.0


@dataclass(frozen=True, kw_only=True)
class SessionLatency:
    rate: float
    interval_ms: int
    """Of both jobs."""
    after_enriched: Percentiles
    """From the receipt of the enriched event to that of the stamped one."""
    after_sent: Percentiles
    """From the sending of the raw event to the receipt of the stamped one."""


class _Receipts:
    """Receives both topics in a thread of its own."""

    def __init__(self, bootstrap: str) -> None:
        self.enriched: dict[bytes, int] = {}
        self.stamped: dict[bytes, tuple[int, int]] = {}
        """Event id → (receipt in ns, time of sending in ms)."""
        self._stop = threading.Event()
        topics = [BEHAVIOUR_EVENTS.name, SESSIONIZED.name]
        self._reader = TopicReader(bootstrap, topics, isolation="read_committed", start=end_offsets(bootstrap, topics))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._reader.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            messages = self._reader.batch(_POLL_S)
            now = time.time_ns()
            for message in messages:
                found = _EVENT_ID.search(message.value() or b"", 0, 128)
                assert found is not None
                if message.topic() == SESSIONIZED.name:
                    self.stamped.setdefault(found[1], (now, message.timestamp()[1]))
                else:
                    self.enriched.setdefault(found[1], now)


def measure(
    rate: float, interval_ms: int, warm_up_s: float, measured_s: float, state_backend: StateBackend = "hashmap"
) -> SessionLatency:
    options = stack_options(
        ReplayOptions(checkpoint_interval_ms=interval_ms, full_jit=LATENCY.full_jit, with_applications=True)
    )
    profile = replace(LATENCY, checkpoint_interval_ms=interval_ms)
    with LocalStack(replace(options, run_dir=STACK / "bench")) as stack:
        submit(stack, ENRICHMENT, profile=profile)
        submit(stack, BEHAVIOUR, profile=replace(profile, state_backend=state_backend))
        receipts = _Receipts(stack.bootstrap_servers)
        with steady_stream(stack, rate, seed=1):
            time.sleep(warm_up_s)
            from_ns = time.time_ns()
            time.sleep(measured_s)
            until_ns = time.time_ns()
        time.sleep(_REST_S)
        receipts.stop()
    measured = {name: found for name, found in receipts.stamped.items() if from_ns <= found[1] * 1_000_000 < until_ns}
    return SessionLatency(
        rate=rate,
        interval_ms=interval_ms,
        after_enriched=percentiles(
            at - receipts.enriched[name] for name, (at, _) in measured.items() if name in receipts.enriched
        ),
        after_sent=percentiles(at - sent_ms * 1_000_000 for at, sent_ms in measured.values()),
    )


def table(found: SessionLatency) -> Table:
    shown = Table("stamped event", "p50", "p95", "p99", "max", "events")
    for name, each in (("after the enriched one", found.after_enriched), ("after the raw one", found.after_sent)):
        times = (each.p50, each.p95, each.p99, each.max)
        shown.add_row(name, *("" if ms is None else f"{ms:.0f}" for ms in times), f"{each.count:,}")
    shown.caption = f"ms, at {found.rate:,.0f} events/s, checkpoints every {found.interval_ms} ms in both jobs"
    return shown
