"""One replay: start the stack, run the job, send the events, collect what comes out, and draw up the ledger."""

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from assurance.end_to_end.job_counters import lookups
from assurance.end_to_end.job_properties import write_properties
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.producer_process import Interruption, send
from assurance.reconciliation.balance import balance
from assurance.reconciliation.collect import TopicCollector
from assurance.reconciliation.event_pseudonyms import with_raw_ids
from assurance.reconciliation.latency import Percentiles, events_per_second, latencies, percentiles, send_times_by_id
from assurance.reconciliation.quiescence import complete
from assurance.reconciliation.raw import read_raw
from assurance.reconciliation.records import ObservedRecord, RawRecord
from assurance.reconciliation.routes import expected_by
from assurance.reconciliation.summary import Latencies, Summary, summarize
from common.kafka.topic_reader import Isolation
from contracts import topics
from contracts.topics import Topic
from core.privacy.key_source import load_key_ring
from deploy.jobs import ENRICHMENT
from local_stack.flink.config import FlinkOptions
from local_stack.jobs import keys_source
from local_stack.stack import LocalStack, StackOptions
from producers.delivery.send_log import read_send_log

JOB = ENRICHMENT.entry_file
EXPECTED = expected_by()
ENRICHED = EXPECTED.topics
OUTPUTS = [topic.name for topic in ENRICHMENT.writes]
ONE_PER_EVENT = frozenset({*EXPECTED.every_event, *(topic.name for topic in topics.OUTCOMES)})
"""Of these topics together an event is in exactly one, the policy being as it is."""
_QUIET_S = 1.0
_RUNNING_S = 90
_FOREVER_MS = -1


@dataclass(frozen=True)
class EndToEndRun:
    summary: Summary
    samples: list[str]
    producer_exit_code: int


def for_replay(topic: Topic) -> Topic:
    """The topic without retention: a broker deletes by the records' times, and a replayed log may be years old."""
    return msgspec.structs.replace(topic, retention_ms=_FOREVER_MS)


def stack_options(options: ReplayOptions) -> StackOptions:
    return StackOptions(
        topics=tuple(for_replay(topic) for topic in topics.ALL),
        partitions=options.partitions,
        taskmanagers=options.parallelism,
        flink=FlinkOptions(checkpoint_interval_ms=options.checkpoint_interval_ms, full_jit=options.full_jit),
        users=options.users,
        listings=options.listings,
        geoip_city_path=options.geoip_city_path,
    )


def run(options: ReplayOptions, console: Console) -> EndToEndRun:
    """Run it all. Raises SetupError or TopicUnavailable where something could not be run."""
    began_ns = options.started_ns or time.time_ns()
    options.output.mkdir(parents=True, exist_ok=True)
    send_log = options.output / "sends.bin"
    send_log.unlink(missing_ok=True)
    console.print("starting Kafka, Redis, the lookup service and Flink …")
    with LocalStack(stack_options(options)) as stack:
        console.print("ready: " + ", ".join(f"{name} {took:.1f} s" for name, took in stack.timings.items()))
        with (
            _collector(stack, options, "read_committed") as committed,
            _collector(stack, options, "read_uncommitted") as uncommitted,
        ):
            job_id, submitted_s = _submit(stack, options, console)
            interruption = Interruption()
            arguments = options.producer_arguments(stack.bootstrap_servers, send_log)
            exit_code = send(arguments, interruption, lambda said: console.print(said, markup=False))
            raw = read_raw(stack.bootstrap_servers)
            _settle(committed, len(raw), options.idle_s, console)
            _settle(uncommitted, len(raw), options.idle_s, None)
            asked = lookups(stack.flink.rest_url, job_id)
            restarts = stack.flink.rest.restarts(job_id)
            peaks = {process.name: round(process.peak_rss_bytes / 2**20, 1) for process in stack.processes}
        receipts, seen_early = (_named(each.receipts(), raw, stack) for each in (committed, uncommitted))
        summary = summarize(
            balance(raw, receipts, routes=EXPECTED.routes, without_consent=EXPECTED.without_consent),
            events_per_second=events_per_second(each for each in receipts if each.topic in ONE_PER_EVENT),
            latency_ms=_latency(raw, send_log, receipts, seen_early, options.warm_up_s),
            lookups=asked,
            timings_s=stack.timings | {"job": submitted_s} | _first_enriched(began_ns, receipts),
            peak_rss_mb=peaks,
            restarts=restarts,
        )
        summary = msgspec.structs.replace(summary, interrupted=interruption.requested)
        samples = committed.samples()
    for collector in (committed, uncommitted):
        collector.file.unlink(missing_ok=True)  # it holds user ids
    return EndToEndRun(summary, samples, exit_code)


def _collector(stack: LocalStack, options: ReplayOptions, isolation: Isolation) -> TopicCollector:
    return TopicCollector(
        stack.bootstrap_servers,
        OUTPUTS,
        isolation=isolation,
        file=options.output / f"{isolation}.jsonl",
    )


def _submit(stack: LocalStack, options: ReplayOptions, console: Console) -> tuple[str, float]:
    began = time.monotonic()
    properties = write_properties(
        stack.run_dir / "application_properties.json",
        bootstrap_servers=stack.bootstrap_servers,
        lookup_url=stack.lookup_url,
        optouts_url=stack.optouts_url,
        changes={"job": {"execution.mode": options.execution_mode}, **options.job},
    )
    job_id = stack.flink.submit(JOB, parallelism=options.parallelism, properties_path=properties)
    stack.flink.rest.wait_running(job_id, _RUNNING_S)
    took = time.monotonic() - began
    console.print(f"the enrichment job runs ({took:.1f} s, {options.execution_mode} mode)")
    return job_id, took


def _settle(collector: TopicCollector, raw: int, idle_s: float, console: Console | None) -> None:
    """Wait until every raw record has its outcome, or nothing new came for ``idle_s``."""
    last, since = -1, time.monotonic()
    shown = since
    while True:
        counts = collector.counts()
        seen, now = sum(counts.values()), time.monotonic()
        if seen != last:
            last, since = seen, now
        if console is not None and now - shown >= 2:
            shown = now
            outcomes = sum(count for topic, count in counts.items() if topic in ONE_PER_EVENT)
            console.print(f"  {outcomes:,} of {raw:,} events have an outcome")
        # Complete by the topics of all events: the others' records are in the same transactions, so seen by then.
        if now - since > (_QUIET_S if complete(counts, raw, EXPECTED.every_event) else idle_s):
            return
        time.sleep(0.05)


def _named(receipts: list[ObservedRecord], raw: list[RawRecord], stack: LocalStack) -> list[ObservedRecord]:
    """With the raw events' ids, where the policy makes pseudonyms of them."""
    if not EXPECTED.event_pseudonyms:
        return receipts
    epochs = load_key_ring(keys_source(stack.run_dir)).epochs
    return with_raw_ids(receipts, raw, EXPECTED.event_pseudonyms, epochs)


def _latency(
    raw: list[RawRecord],
    send_log: Path,
    committed: list[ObservedRecord],
    uncommitted: list[ObservedRecord],
    warm_up_s: float,
) -> Latencies:
    sent = send_times_by_id(raw, read_send_log(send_log))
    if warm_up_s:
        counts_from = min((times[0] for times in sent.values() if times), default=0) + warm_up_s * 1e9
        sent = {event_id: times for event_id, times in sent.items() if times and times[0] >= counts_from}

    def of(receipts: list[ObservedRecord]) -> Percentiles:
        return percentiles(ns for found in latencies(sent, receipts).values() for ns in found)

    return Latencies(read_committed=of(committed), read_uncommitted=of(uncommitted))


def _first_enriched(began_ns: int, receipts: list[ObservedRecord]) -> dict[str, float]:
    first = min((receipt.receipt_ns for receipt in receipts if receipt.topic in ENRICHED), default=None)
    return {} if first is None else {"first_enriched_event": round((first - began_ns) / 1e9, 2)}
