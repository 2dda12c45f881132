"""Hot and cold path over a real worker runtime and a real HTTP server, with a fake of Flink around them."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from contracts.purposes.load import REFERENCE, load_purposes
from enrichment_job.config import NO_TRACING, LookupConfig, PrivacyConfig, SourceConfig, TracingConfig
from enrichment_job.operators.cold_path import ColdPath
from enrichment_job.operators.hot_path import HotPath
from enrichment_job.runtime import RuntimeConfig
from tests.common.flink.batches import input_batch
from tests.core.privacy.keys import KEYS
from tests.enrichment_job.lookups.lookup_server import LookupServer
from tests.enrichment_job.operators.fake_flink import Context, RuntimeContext, by_output

NOW = 1_700_000_001_000
HASHES = list(range(64))
_KEYS_VARIABLE = "KEYS_OF_A_TEST"


class OperatorRun:
    """``hot`` and ``cold`` are open functions of one worker runtime."""

    def __init__(self, config: RuntimeConfig, state: dict[int, list[bytes]]) -> None:
        self.config = config
        self.hot_context, self.cold_context = RuntimeContext(), RuntimeContext(state)
        self.hot, self.cold = HotPath(SourceConfig(), config, HASHES), ColdPath(config)
        self.hot.open(self.hot_context)
        self.cold.open(self.cold_context)

    def close(self) -> None:
        self.hot.close()
        self.cold.close()

    def first(self, raw: bytes, *, collector: int = NOW, watermark: int = NOW) -> list[tuple[str, Any]]:
        """What the hot path makes of a record."""
        return self.batch([(collector, raw)], watermark=watermark)

    def batch(self, records: Sequence[tuple[int, bytes]], *, watermark: int = NOW) -> list[tuple[str, Any]]:
        """What the hot path makes of several records that come together, each with its time."""
        return by_output(self.hot.process_element(input_batch(records), Context(watermark=watermark)))

    def put_into_cold_path(self, row: Sequence[Any]) -> list[int]:
        """Hand a pending event's row to the cold path; the timers that it asks for."""
        context = Context(key=row[0])
        self.cold_context.key = row[0]
        assert list(self.cold.process_element(row[1], context)) == []
        return context.timers

    def tick(self, bucket: int) -> tuple[list[tuple[str, Any]], list[int]]:
        """What a bucket's timer lets go, and the timers that it asks for."""
        context = Context(key=bucket)
        self.cold_context.key = bucket
        return by_output(self.cold.on_timer(0, context)), context.timers

    def until_something_leaves(self, bucket: int) -> list[tuple[str, Any]]:
        deadline = time.monotonic() + 5
        while True:
            outputs, _ = self.tick(bucket)
            if outputs:
                return outputs
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def counts(self) -> dict[str, int]:
        """Both paths' counters that are not 0, flushed."""
        self.hot._flush()
        self.cold._flush()
        both = self.hot_context.metrics.counts + self.cold_context.metrics.counts
        return {name: n for name, n in both.items() if name.startswith("events_") and "le=" not in name}


@contextmanager
def running(
    server: LookupServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    state: dict[int, list[bytes]] | None = None,
    required: dict[str, frozenset[str]] | None = None,
    only: tuple[str, ...] = (),
    privacy: dict[str, Any] | None = None,
    lookup: dict[str, Any] | None = None,
    tracing: TracingConfig = NO_TRACING,
) -> Iterator[OperatorRun]:
    """The shipped policy. ``required``: a purpose's name to the enrichments that it requires; ``only``: the purposes
    that there are.
    """
    monkeypatch.setitem(os.environ, _KEYS_VARIABLE, KEYS.decode())
    purposes = tuple(
        replace(each, required=(required or {}).get(each.name, each.required))
        for each in load_purposes(REFERENCE)
        if not only or each.name in only
    )
    config = RuntimeConfig(
        LookupConfig(url=server.url, linger_ms=0, **(lookup or {})),
        PrivacyConfig(keys_source=f"env:{_KEYS_VARIABLE}", **(privacy or {})),
        purposes,
        tracing=tracing,
    )
    run = OperatorRun(config, {} if state is None else state)
    try:
        yield run
    finally:
        run.close()


def takers(event_name: str) -> list[str]:
    """The shipped policy's purposes that take an event of that name, in its order."""
    return [each.name for each in load_purposes(REFERENCE) if each.takes(event_name)]


def value_of(row: Sequence[Any]) -> dict[str, Any]:
    return dict(json.loads(row[2]))


def purpose_of(row: Sequence[Any]) -> str:
    return str(row[0]).split(".")[2]
