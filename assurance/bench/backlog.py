"""Fills the raw topic before a measurement, and measures how fast the job emits the outcomes."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import ONE_PER_EVENT
from common.kafka.topic_reader import end_offsets
from contracts import topics
from deploy.paths import BUILD, PROJECT
from local_stack.stack import LocalStack
from producers.synthetic.population import LISTINGS, USERS

SAMPLE_S = 2.0


@dataclass(frozen=True)
class Sample:
    """``at``: monotonic seconds; ``events``: outcomes so far; ``cpu_s``: CPU seconds of the measured process so far."""

    at: float
    events: int
    cpu_s: float


def fill(
    stack: LocalStack,
    events: int,
    *,
    users: int = USERS,
    listings: int = LISTINGS,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Produces a generated stream, or an access log, at full speed. Returns when all of it is in Kafka.

    :param env: additional environment variables of the producer.
    """
    options = ReplayOptions(events=events, users=users, listings=listings, input=log)
    send_log = BUILD / "bench" / "sends.bin"
    send_log.parent.mkdir(parents=True, exist_ok=True)
    arguments = options.producer_arguments(stack.bootstrap_servers, send_log)
    with Path("/dev/null").open("w") as nowhere:
        command = [sys.executable, "-m", "producers", *arguments]
        subprocess.run(command, check=True, cwd=PROJECT, stderr=nowhere, env={**os.environ, **(env or {})})
    send_log.unlink()


def raw_records(stack: LocalStack) -> int:
    return sum(end_offsets(stack.bootstrap_servers, [topics.RAW.name]).values())


def drain(stack: LocalStack, pid: int, events: int, *, limit_s: float) -> list[Sample]:
    """Samples outcomes and the process's CPU time until there are ``events`` outcomes or ``limit_s`` is over.

    The counts are offsets, so they include transaction markers: two for each checkpoint and partition, which is less
    than one record in a hundred at these rates.
    """
    process = psutil.Process(pid)
    samples: list[Sample] = []
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        done = sum(end_offsets(stack.bootstrap_servers, sorted(ONE_PER_EVENT)).values())
        times = process.cpu_times()
        samples.append(Sample(time.monotonic(), done, times.user + times.system))
        if done >= events:
            break
        time.sleep(SAMPLE_S)
    return samples


def rate(samples: list[Sample]) -> float:
    """Events per second between the first and the last sample."""
    if len(samples) < 2:
        return 0.0
    first, last = samples[0], samples[-1]
    return (last.events - first.events) / (last.at - first.at)


def cpu_us(samples: list[Sample]) -> float:
    """CPU microseconds per event."""
    first, last = samples[0], samples[-1]
    return (last.cpu_s - first.cpu_s) / max(1, last.events - first.events) * 1e6


def phases(samples: list[Sample], cold_s: float) -> tuple[list[Sample], list[Sample]]:
    """(cold, warm): the first ``cold_s`` seconds after the first outcome, and the second half of the rest."""
    begun = [sample for sample in samples if sample.events > 0]
    if not begun:
        return [], []
    cold = [sample for sample in begun if sample.at - begun[0].at <= cold_s]
    rest = begun[len(cold) - 1 : -1]  # without the last sample, which is after the end
    return cold, rest[len(rest) // 2 :]
