"""A steady stream of generated events: each record's Kafka time is the moment at which it is sent.

The job and the pass-through hand that time on to what they write, so a consumer knows each record's latency from the
record alone. The stream does not wait for the pipeline. ``python -m assurance.bench.open_loop`` is its process.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from assurance.bench.backlog import raw_records
from assurance.servers.wait import wait_until
from local_stack.processes.process import ManagedProcess
from local_stack.stack import LocalStack
from producers.delivery.kafka_sink import ProduceSettings
from producers.delivery.pacing import by_rate
from producers.delivery.run import RunSettings, run
from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate

_STARTED_S = 60.0


@contextlib.contextmanager
def steady_stream(stack: LocalStack, rate: float, seed: int) -> Iterator[None]:
    """Sends ``rate`` events per second inside the block, from its begin on.

    :raises TimeoutError: if no event comes within a minute.
    """
    arguments = ["--bootstrap-servers", stack.bootstrap_servers, "--rate", str(rate), "--seed", str(seed)]
    process = ManagedProcess(
        "open-loop",
        [sys.executable, "-m", "assurance.bench.open_loop", *arguments],
        log_path=stack.logs / "open-loop.log",
        registry=stack.registry,
    )
    before = raw_records(stack)
    process.start()
    try:
        wait_until(lambda: raw_records(stack) > before, what="an event of the steady stream", timeout_s=_STARTED_S)
        yield
    finally:
        process.stop()


def _sent_now(record: Record) -> Record:
    return Record(record.value, time.time_ns() // 1_000_000, record.kind)


def main(
    bootstrap_servers: Annotated[str, typer.Option()],
    rate: Annotated[float, typer.Option(min=0.1)],
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """Sends events until it gets a signal."""
    settings = RunSettings(
        due=by_rate(rate), transform=_sent_now, kafka=ProduceSettings(bootstrap_servers=bootstrap_servers, seed=seed)
    )
    run(generate(GeneratorSettings(event_rate=rate, seed=seed)), settings)


if __name__ == "__main__":
    typer.run(main)
