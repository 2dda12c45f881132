"""What the job account_security costs and how soon it answers: enriched security events in, verdicts out.

The events are written straight to the enriched topic, so that no other job takes part. The rules are the shipped ones.
Verdicts are received uncommitted, as whoever acts on them does.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

import msgspec
import psutil
from confluent_kafka import Producer
from rich.table import Table

from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import stack_options
from assurance.reconciliation.reporting.latency import Percentiles, percentiles
from common.kafka.topic_reader import TopicReader, end_offsets
from contracts.fixed_topics import VERDICTS
from contracts.topics import SECURITY
from deploy.jobs import ACCOUNT_SECURITY as JOB
from deploy.paths import STACK
from deploy.profiles import ACCOUNT_SECURITY_LOCAL, Profile, StateBackend
from local_stack.jobs import submit
from local_stack.stack import LocalStack

_EVENTS, _USERS = 120_000, 20_000
_RATES = (100.0, 500.0)
_START = 1_790_000_000_000
_APART_MS = 10
"""Between two events of the backlog: their own time runs as at a hundred a second."""
_ATTACKERS, _ATTACKED = 40, 0.05
_MANAGED_MB = 256
_COLD_S, _LIMIT_S = 15.0, 240.0
_POLL_S = 0.005


class _Verdict(msgspec.Struct):
    event_id: str
    verdict_version: int
    mode: str


_read = msgspec.json.Decoder(_Verdict).decode


@dataclass(frozen=True, kw_only=True)
class Cost:
    state_backend: StateBackend
    events_per_s: float
    """After the first 15 s; an event counts when it has its first verdict."""
    cpu_us: float
    """Of all task managers, an event."""
    verdicts_per_event: float
    """Also those that are told anew."""
    state_bytes: int


@dataclass(frozen=True, kw_only=True)
class Delay:
    rate: float
    after_sent: Percentiles
    """From the sending of the enriched event to the receipt of its first verdict."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    costs: list[Cost]
    delays: list[Delay]


def event(number: int, at: int, rng: Random) -> tuple[bytes, bytes]:
    """(key, value): mostly sign-ins from people's own devices, and of twenty one from an address that attacks."""
    user = int(_USERS * rng.random() ** 2)
    is_attack = rng.random() < _ATTACKED
    name = "sign_in" if is_attack or rng.random() < 0.8 else "checkout"
    address = (
        f"192.0.2.{rng.randrange(_ATTACKERS)}" if is_attack else f"203.{user >> 16}.{user >> 8 & 255}.{user & 255}"
    )
    value: dict[str, object] = {
        "event_id": f"{rng.getrandbits(64):016x}-{number:012x}",
        "event_name": name,
        "platform": "web",
        "collector_tstamp": at,
        "derived_tstamp": at,
        "etl_tstamp": at,
        "user_id": f"u{user:09d}",
        "domain_userid": f"b9c3f2d4-5e6f-4a1b-8c7d-{user:012x}",
        "domain_sessionid": f"5b3a6f5c-8d1e-4f6a-9b2c-{user:012x}",
        "user_ipaddress": address,
        "useragent": "python-requests/2.31" if is_attack else f"Mozilla/5.0 (X11; Linux x86_64) rv:{user % 30}",
        "br_lang": "de",
        "auth_outcome": None if name == "checkout" else "failure" if is_attack or rng.random() < 0.03 else "success",
        "auth_method": "password",
        "device_id": None if is_attack else f"device-{user:09d}",
        "geo_country": "DE",
        "geo_city": "Berlin",
        "geo_latitude": 52.5,
        "geo_longitude": 13.4,
        "as_number": 64_500 if is_attack else 3_320 + user % 20,
        "as_organization_name": "Example",
        "user_registered_tstamp": _START - 10**10,
    }
    return str(value["user_id"]).encode(), msgspec.json.encode({k: v for k, v in value.items() if v is not None})


def measure_all(warm_up_s: float, measured_s: float) -> Figures:
    options = stack_options(ReplayOptions(full_jit=True))
    flink = replace(options.flink, managed_memory_mb=_MANAGED_MB)
    with LocalStack(replace(options, run_dir=STACK / "bench", with_lookup=False, flink=flink)) as stack:
        _fill(stack)
        backends: tuple[StateBackend, ...] = ("hashmap", "rocksdb")
        costs = [_cost(stack, backend, f"security-{backend}") for backend in backends]
        delays = [_delay(stack, rate, warm_up_s, measured_s) for rate in _RATES]
    return Figures(costs=costs, delays=delays)


def _fill(stack: LocalStack) -> None:
    rng = Random(1)
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 20, "compression.type": "lz4"})
    for number in range(_EVENTS):
        key, value = event(number, _START + number * _APART_MS, rng)
        producer.produce(SECURITY.name, value, key)
        if not number % 1_000:
            producer.poll(0)
            producer.flush(60)
    assert not producer.flush(60)


def _submitted(stack: LocalStack, profile: Profile, name: str, start: str) -> str:
    changes = {"job": {"group.id": name, "start": start}, "sink": {"transactional.id.prefix": name}}
    return submit(stack, JOB, changes, profile=profile)


def _cost(stack: LocalStack, backend: StateBackend, name: str) -> Cost:
    profile = replace(ACCOUNT_SECURITY_LOCAL, state_backend=backend, checkpoint_interval_ms=1_000)
    with _receipts(stack) as (firsts, total):
        job_id = _submitted(stack, profile, name, "earliest")
        processes = [psutil.Process(each.pid) for each in stack.flink.taskmanagers]
        samples: list[tuple[float, int, float]] = []
        until = time.monotonic() + _LIMIT_S
        while time.monotonic() < until and len(firsts) < _EVENTS:
            used = sum(times.user + times.system for times in (each.cpu_times() for each in processes))
            samples.append((time.monotonic(), len(firsts), used))
            time.sleep(1)
    state = stack.flink.rest.checkpoints(job_id).latest_size_bytes or 0
    stack.flink.rest.cancel(job_id)
    began = next((at for at, done, _ in samples if done), samples[-1][0])
    warm = [sample for sample in samples if sample[0] - began >= _COLD_S]
    (from_at, from_done, from_used), (to_at, to_done, to_used) = (warm or samples)[0], samples[-1]
    done = max(1, to_done - from_done)
    return Cost(
        state_backend=backend,
        events_per_s=done / max(0.1, to_at - from_at),
        cpu_us=(to_used - from_used) / done * 1e6,
        verdicts_per_event=total[0] / max(1, len(firsts)),
        state_bytes=state,
    )


def _delay(stack: LocalStack, rate: float, warm_up_s: float, measured_s: float) -> Delay:
    job_id = _submitted(stack, ACCOUNT_SECURITY_LOCAL, f"security-at-{rate:g}", "latest")
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers, "linger.ms": 0})
    sent: dict[str, int] = {}
    rng = Random(rate)
    with _receipts(stack) as (firsts, _):
        began = time.monotonic()
        for number in range(int(rate * (warm_up_s + measured_s))):
            due = number / rate
            if (ahead := began + due - time.monotonic()) > 0:
                time.sleep(ahead)
            key, value = event(number, time.time_ns() // 1_000_000, rng)
            if due >= warm_up_s:
                # When it was due: an event that this process sends late has waited as well.
                sent[_read_id(value)] = time.time_ns() + min(0, round(ahead * 1e9))
            producer.produce(SECURITY.name, value, key)
            producer.poll(0)
        assert not producer.flush(30)
        time.sleep(3)
    stack.flink.rest.cancel(job_id)
    return Delay(rate=rate, after_sent=percentiles(firsts[name] - at for name, at in sent.items() if name in firsts))


class _Id(msgspec.Struct):
    event_id: str


_decode_id = msgspec.json.Decoder(_Id).decode


def _read_id(value: bytes) -> str:
    return _decode_id(value).event_id


@contextmanager
def _receipts(stack: LocalStack) -> Iterator[tuple[dict[str, int], list[int]]]:
    """Event id → when its first live verdict was received, ns; and the number of all verdicts."""
    firsts: dict[str, int] = {}
    total, stop = [0], threading.Event()
    servers = stack.bootstrap_servers
    start = end_offsets(servers, [VERDICTS.name])

    def receive() -> None:
        with TopicReader(servers, [VERDICTS.name], isolation="read_uncommitted", start=start) as reader:
            while not stop.is_set():
                messages = reader.batch(_POLL_S)
                now = time.time_ns()
                for message in messages:
                    verdict = _read(message.value() or b"")
                    total[0] += 1
                    if verdict.mode == "live":
                        firsts.setdefault(verdict.event_id, now)

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    try:
        yield firsts, total
    finally:
        stop.set()
        thread.join()


def table(found: Figures) -> Table:
    shown = Table(
        "account security", "events/s", "µs of CPU/event", "verdicts an event", "state, MB", "p50, ms", "p99, ms"
    )
    for cost in found.costs:
        figures = (f"{cost.events_per_s:,.0f}", f"{cost.cpu_us:.0f}", f"{cost.verdicts_per_event:.2f}")
        shown.add_row(cost.state_backend, *figures, f"{cost.state_bytes / 1e6:.1f}", "", "")
    for delay in found.delays:
        times: Sequence[float | None] = (delay.after_sent.p50, delay.after_sent.p99)
        shown.add_row(f"at {delay.rate:,.0f} events/s", *[""] * 4, *("" if ms is None else f"{ms:.0f}" for ms in times))
    return shown
