"""One end-to-end run: start the stack, run the job, send the events, collect the outputs, balance them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from assurance.end_to_end.behaviour_run import BehaviourRun
from assurance.end_to_end.features_run import FeaturesRun
from assurance.end_to_end.job_counters import lookups
from assurance.end_to_end.job_properties import write_properties
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.producer_process import Interruption, send
from assurance.end_to_end.security_run import SecurityRun
from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.balancing.event_pseudonyms import with_raw_ids
from assurance.reconciliation.balancing.routes import expected_by
from assurance.reconciliation.collecting.collector import TopicCollector
from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
from assurance.reconciliation.reading.topics import read_raw
from assurance.reconciliation.reporting.latency import (
    Percentiles,
    events_per_second,
    latencies,
    percentiles,
    send_times_by_id,
)
from assurance.reconciliation.reporting.summary import Applications, Latencies, Summary, summarize
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
ONE_PER_EVENT = frozenset({topics.ANALYTICS.name, *(topic.name for topic in topics.OUTCOMES)})
"""Under the reference policy each event is in exactly one of these topics. Of the purposes that take all events, one is
here: with more of them an event would count more than once."""
_PROGRESS_S = 2.0
_RUNNING_S = 90
_NO_RETENTION_LIMIT_MS = -1


@dataclass(frozen=True)
class EndToEndRun:
    summary: Summary
    samples: list[str]
    producer_exit_code: int


def for_replay(topic: Topic) -> Topic:
    """The topic with unlimited retention: brokers delete by the records' times, and a replayed log may be years old."""
    return msgspec.structs.replace(topic, retention_ms=_NO_RETENTION_LIMIT_MS)


def stack_options(options: ReplayOptions) -> StackOptions:
    return StackOptions(
        topics=tuple(for_replay(topic) for topic in topics.ALL),
        partitions=options.partitions,
        taskmanagers=options.parallelism * (4 if options.with_applications else 1),
        flink=FlinkOptions(checkpoint_interval_ms=options.checkpoint_interval_ms, full_jit=options.full_jit),
        users=options.users,
        listings=options.listings,
        geoip_city_path=options.geoip_city_path,
    )


def run(options: ReplayOptions, console: Console) -> EndToEndRun:
    """Starts everything, waits for the outcomes, stops everything.

    :raises deploy.build.errors.SetupError: if the stack or the job cannot be started.
    :raises common.kafka.topic_reader.TopicUnavailable: if a topic cannot be read.
    :raises assurance.reconciliation.security.truth.TruthError: if the generator's truth cannot be read.
    :raises training.problems.TrainingError: if the features of a file cannot be counted again.
    :raises httpx.HTTPError: if the lookup service cannot be asked for features.
    """
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
            beside = _start_applications(stack, options, console) if options.with_applications else None
            interruption = Interruption()
            arguments = options.producer_arguments(stack.bootstrap_servers, send_log)
            exit_code = send(arguments, interruption, lambda line: console.print(line, markup=False))
            raw = read_raw(stack.bootstrap_servers)
            # The other topics' records are written in the same transactions, so they are visible by then, too.
            committed.wait_until_quiet(
                len(raw), EXPECTED.every_event, idle_s=options.idle_s, on_progress=_progress(len(raw), console)
            )
            uncommitted.wait_until_quiet(len(raw), EXPECTED.every_event, idle_s=options.idle_s)
            lookup_counts = lookups(stack.flink.rest_url, job_id)
            restarts = stack.flink.rest.restarts(job_id)
            applications = None if beside is None else _finish(beside, options, console)
            peaks = {process.name: round(process.peak_rss_bytes / 2**20, 1) for process in stack.processes}
        outputs, early_outputs = (
            _with_raw_ids(each.observed_records(), raw, stack) for each in (committed, uncommitted)
        )
        summary = summarize(
            balance(raw, outputs, routes=EXPECTED.routes, without_consent=EXPECTED.without_consent),
            events_per_second=events_per_second(each for each in outputs if each.topic in ONE_PER_EVENT),
            latency_ms=_latency(raw, send_log, outputs, early_outputs, options.warm_up_s),
            lookups=lookup_counts,
            timings_s=stack.timings | {"job": submitted_s} | _first_enriched(began_ns, outputs),
            peak_rss_mb=peaks,
            restarts=restarts,
        )
        summary = msgspec.structs.replace(
            summary,
            interrupted=interruption.requested,
            applications=applications,
        )
        samples = committed.samples()
    for collector in (committed, uncommitted):
        collector.file.unlink(missing_ok=True)  # it contains user ids
    return EndToEndRun(summary, samples, exit_code)


class _Applications(NamedTuple):
    """The stateful jobs, running."""

    behaviour: BehaviourRun
    security: SecurityRun
    features: FeaturesRun


def _start_applications(stack: LocalStack, options: ReplayOptions, console: Console) -> _Applications:
    return _Applications(
        BehaviourRun.start(stack, options.parallelism, console),
        SecurityRun.start(stack, options.parallelism, console),
        FeaturesRun.start(stack, options.parallelism, console),
    )


def _finish(jobs: _Applications, options: ReplayOptions, console: Console) -> Applications:
    # Verdicts first: they are there at once, while sessions end with event time.
    truth = options.truth if options.has_attacks else None
    verdicts = jobs.security.finish(options.idle_s, truth)
    sessions, stores = jobs.behaviour.finish(
        options.idle_s, console, before_the_end=lambda: jobs.features.wait(jobs.behaviour.job_id)
    )
    return Applications(sessions=sessions, account_security=verdicts, features=jobs.features.finish(stores))


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


def _progress(raw: int, console: Console) -> Callable[[Mapping[str, int]], None]:
    """Prints how many events have an outcome, every two seconds."""
    printed_at = time.monotonic()

    def show(counts: Mapping[str, int]) -> None:
        nonlocal printed_at
        if (now := time.monotonic()) - printed_at >= _PROGRESS_S:
            printed_at = now
            outcomes = sum(count for topic, count in counts.items() if topic in ONE_PER_EVENT)
            console.print(f"  {outcomes:,} of {raw:,} events have an outcome")

    return show


def _with_raw_ids(observed: list[ObservedRecord], raw: list[RawRecord], stack: LocalStack) -> list[ObservedRecord]:
    """Replaces pseudonyms of event ids by the raw events' ids, if the policy makes such pseudonyms."""
    if not EXPECTED.event_pseudonyms:
        return observed
    epochs = load_key_ring(keys_source(stack.run_dir)).epochs
    return with_raw_ids(observed, raw, EXPECTED.event_pseudonyms, epochs)


def _latency(
    raw: list[RawRecord],
    send_log: Path,
    committed: list[ObservedRecord],
    uncommitted: list[ObservedRecord],
    warm_up_s: float,
) -> Latencies:
    sent = send_times_by_id(raw, read_send_log(send_log))
    if warm_up_s:
        measured_from = min((times[0] for times in sent.values() if times), default=0) + warm_up_s * 1e9
        sent = {event_id: times for event_id, times in sent.items() if times and times[0] >= measured_from}

    def of(observed: list[ObservedRecord]) -> Percentiles:
        return percentiles(ns for topic_latencies in latencies(sent, observed).values() for ns in topic_latencies)

    return Latencies(read_committed=of(committed), read_uncommitted=of(uncommitted))


def _first_enriched(began_ns: int, observed: list[ObservedRecord]) -> dict[str, float]:
    first = min((record.received_ns for record in observed if record.topic in ENRICHED), default=None)
    return {} if first is None else {"first_enriched_event": round((first - began_ns) / 1e9, 2)}
