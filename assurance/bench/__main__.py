"""``python -m assurance.bench [--only NAME] [--events N]``: measures every figure of the docs in one run."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from assurance.bench import (
    bare_loop,
    cache_costs,
    features,
    features_read,
    lake,
    lookups,
    overload,
    purposes,
    risk,
    scores,
    sessions,
    throughput,
    tracing,
    warm_start,
)
from assurance.bench.under_load import SteadyLoad, under_load
from assurance.end_to_end.options import ReplayOptions
from assurance.end_to_end.run import run
from assurance.reconciliation.reporting.summary import Summary
from common.flink.property_groups import Groups
from deploy.paths import BUILD
from deploy.profiles import LATENCY, THROUGHPUT

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
OUTPUT = BUILD / "bench" / "figures.json"
console = Console()


def latency(rate: float, warm_up_s: float, measured_s: float, job: Groups | None = None) -> Summary:
    """Runs a steady stream of ``rate`` events per second. The first ``warm_up_s`` seconds are not measured."""
    events = int(rate * (warm_up_s + measured_s))
    options = ReplayOptions(
        events=events,
        rate=rate,
        warm_up_s=warm_up_s,
        full_jit=LATENCY.full_jit,
        output=Path(BUILD / "bench" / "latency"),
        job={name: dict(keys) for name, keys in (job or {}).items()},
    )
    return run(options, console).summary


@app.command()
def main(  # noqa: PLR0912, PLR0915  # a flat list of measurements
    *,
    events: Annotated[int, typer.Option(help="Events in the backlog of a throughput run.")] = 600_000,
    seconds: Annotated[float, typer.Option(help="For how long the latency is measured.")] = 60,
    only: Annotated[
        str,
        typer.Option(
            help="throughput, misses, bare, purposes, tracing, lookups, risk, features, features_read, scores, "
            "overload, warm, latency, lake, pair, cold_start, checkpoints, sessions or account_security."
        ),
    ] = "",
    log: Annotated[Path | None, typer.Option(help="For the lake: an access log in place of generated events.")] = None,
    rate: Annotated[
        list[float] | None, typer.Option(help="Events/s; default 2000. pair: may be repeated; cold_start: the first.")
    ] = None,
    interval_ms: Annotated[
        list[int] | None,
        typer.Option(help="Between transactions. bare, checkpoints: may be repeated; pair, cold_start: the first."),
    ] = None,
    warm_up: Annotated[float, typer.Option(help="pair, checkpoints: seconds that are not measured.")] = 45,
    rounds: Annotated[int, typer.Option(help="pair: how often the two run in turn.")] = 1,
    outage: Annotated[float, typer.Option(min=5, help="cold_start: seconds without a task manager.")] = 60,
    full_jit: Annotated[bool, typer.Option(help="pair, cold_start, checkpoints: the JVM's second compiler.")] = (
        LATENCY.full_jit
    ),
) -> None:
    """Measure throughput and latency of the whole pipeline. Needs a quiet machine and about half an hour."""
    figures: dict[str, object] = {}
    table = Table("measurement", "first 15 s, events/s", "then, events/s", "task manager, µs of CPU/event")

    def add(found: throughput.Throughput) -> None:
        table.add_row(found.name, f"{found.cold:,.0f}", f"{found.warm:,.0f}", f"{found.warm_cpu_us:.0f}")
        figures[found.name] = found

    if only in ("", "throughput"):
        for interval in (THROUGHPUT.checkpoint_interval_ms, LATENCY.checkpoint_interval_ms):
            name = f"pipeline, checkpoints every {interval} ms"
            add(throughput.measure(name, events=events, checkpoint_interval_ms=interval, limit_s=80))
            # So few users and listings that after the first seconds the cache answers nearly every lookup.
            add(
                throughput.measure(
                    f"{name}, warm cache",
                    events=events,
                    checkpoint_interval_ms=interval,
                    limit_s=80,
                    users=500,
                    listings=1_000,
                )
            )
    if only in ("", "misses"):
        add(
            throughput.measure(
                "cold path alone (nothing cached)",
                events=events // 3,
                checkpoint_interval_ms=THROUGHPUT.checkpoint_interval_ms,
                limit_s=60,
                changes=throughput.ALL_MISSES,
            )
        )
    if only in ("", "bare"):
        figures["bare"] = bare = bare_loop.measure(events // 2, interval_ms or bare_loop.INTERVALS_MS)
        for loop in bare:
            name = f"bare loop, a transaction every {loop.transaction_ms} ms, {loop.records_per_s:,.0f} records/s out"
            table.add_row(name, "", f"{loop.events_per_s:,.0f}", f"{loop.cpu_us:.0f} (the loop)")
    if only in ("", "purposes"):
        for cost in purposes.measure(events, limit_s=60):
            add(cost.throughput)
            job = {"job": {"purposes.path": str(purposes.policy_of(cost.names, BUILD / "bench"))}}
            committed = latency(500, 20, seconds / 3, job).latency_ms.read_committed
            figures[f"{cost.throughput.name}, more"] = (cost.bytes_out_per_byte_in, committed)
            console.print(
                f"{cost.throughput.name}: {cost.bytes_out_per_byte_in} bytes out per byte in; at 500 events/s "
                f"read_committed {msgspec.to_builtins(committed)}"
            )
        steps = purposes.step_costs()
        figures["steps of a purpose, µs"] = steps
        for step, took in steps:
            console.print(f"{step}: {took:.2f} µs")
    if only in ("", "tracing"):
        for traced in tracing.measure(events, limit_s=45):
            add(traced)
    if only in ("", "lookups"):
        found = lookups.measure()
        figures["lookups"] = found
        console.print(f"lookup service: {msgspec.to_builtins(found)}")
        console.print(cache_costs.table())
    if only in ("", "risk"):
        figures["risk"] = asked = risk.measure()
        console.print(f"risk: {msgspec.to_builtins(asked)}")
    if only in ("", "features"):
        figures["features"] = fresh = features.freshness((2_000, 500), 80, 40)
        console.print(features.freshness_table(fresh))
        figures["features cost"] = spent = features.cost()
        console.print(sessions.table(spent.costs))
        console.print(f"bytes in Redis: {spent.redis_bytes}")
    if only in ("", "features_read"):
        figures["features_read"] = read = features_read.measure()
        console.print(f"reading features: {msgspec.to_builtins(read)}")
    if only in ("", "scores"):
        figures["scores"] = scored = scores.measure()
        console.print(f"scores: {msgspec.to_builtins(scored)}")
    if only in ("", "overload"):
        figures["overload"] = overloaded = overload.measure()
        console.print(overload.table(overloaded))
    if only in ("", "warm"):
        figures["warm start"] = starts = warm_start.measure()
        console.print(warm_start.table(starts))
    if only in ("", "latency"):
        summary = latency(2_000, 40, seconds)
        figures["latency"] = summary
        for name in ("read_committed", "read_uncommitted"):
            percentiles = getattr(summary.latency_ms, name)
            console.print(f"latency at 2,000 events/s, {name}: {msgspec.to_builtins(percentiles)}")
    if only in ("", "lake"):
        figures["lake"] = written = lake.measure(events // 6, log)
        console.print(f"lake: {msgspec.to_builtins(written)}")
    load = SteadyLoad(tuple(rate or (2_000,)), tuple(interval_ms or ()), warm_up, seconds, rounds, outage, full_jit)
    figures |= under_load(only, load, console)
    if table.row_count:
        console.print(table)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


if __name__ == "__main__":
    app()
