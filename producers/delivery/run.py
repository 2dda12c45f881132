"""One run: paces the records, shows progress and sends them to Kafka or a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from common.cli.metrics_server import LOOPBACK, serving
from common.cli.shutdown import stop_on_signals, until
from producers.delivery import console
from producers.delivery.kafka_sink import BrokerUnavailableError, ProduceSettings, produce
from producers.delivery.line_sink import write_file, write_standard_output
from producers.delivery.metrics import ProducerMetrics
from producers.delivery.pacing import Due, paced
from producers.delivery.progress import with_progress
from producers.record import ProduceReport, Record

STANDARD_OUTPUT = Path("-")


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """``due`` is None for full speed, ``total`` if the number of records is unknown, ``out`` for Kafka. ``transform``
    is applied to a record when it is due.
    """

    due: Due | None
    transform: Callable[[Record], Record] | None = None
    total: int | None = None
    out: Path | None = None
    kafka: ProduceSettings
    metrics_port: int | None = None
    metrics_host: str = LOOPBACK


def run(records: Iterator[Record], settings: RunSettings) -> ProduceReport:
    """Sends records until they end or a signal arrives, and flushes in both cases.

    Reports errors on standard error. Raises SystemExit if the run cannot start or continue.
    """
    try:
        with stop_on_signals() as stop:
            flow = until(records, stop)
            if settings.due is not None:
                flow = paced(flow, settings.due, stop)
            if settings.transform is not None:
                flow = map(settings.transform, flow)
            report = _send(with_progress(flow, settings.total), settings)
            report = replace(report, interrupted=stop.signal if stop.early else None)
    except BrokerUnavailableError as error:
        console.say(f"error: {error}")
        raise SystemExit(console.NOT_STARTED) from None
    except OSError as error:
        console.say(f"error: {error}")
        raise SystemExit(console.INCOMPLETE) from None
    console.show_failures(report)
    return report


def _send(records: Iterator[Record], settings: RunSettings) -> ProduceReport:
    if settings.out is None:
        if settings.metrics_port is None:
            return produce(records, settings.kafka)
        metrics = ProducerMetrics()
        with serving(metrics.registry, settings.metrics_port, settings.metrics_host):
            return produce(records, settings.kafka, metrics)
    if settings.out == STANDARD_OUTPUT:
        return write_standard_output(records)
    return write_file(records, settings.out)
