"""``python -m local_stack up | down | setup``."""

import enum
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import psutil
import structlog
import typer
from rich.console import Console
from rich.table import Column, Table

from deploy import profiles
from deploy.build.errors import SetupError
from deploy.jobs import ENRICHMENT
from deploy.paths import STACK
from local_stack.flink.config import FlinkOptions
from local_stack.jobs import submit
from local_stack.lookup.geoip import ensure_asn_database, ensure_city_database
from local_stack.processes.orphans import PidRecord, describe, living, terminate
from local_stack.stack import LocalStack, StackOptions, fetch_jars

_UP_FILE = STACK / "up.json"
_STOP_S = 60.0
_CHECK_S = 2.0

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The servers of the pipeline as local processes.")
_console = Console()


class Profile(enum.StrEnum):
    """What the Flink cluster is tuned for."""

    latency = "latency"
    throughput = "throughput"


_PROFILES = {Profile.latency: profiles.LATENCY, Profile.throughput: profiles.THROUGHPUT}
_INTERVALS = "; ".join(
    f"{name}: checkpoints every {profile.checkpoint_interval_ms} ms" for name, profile in _PROFILES.items()
)

_GEOIP = typer.Option(help="Your own city database, in MaxMind's format.")
_ASN = typer.Option(help="Your own database of autonomous systems, in MaxMind's format.")


@app.command()
def up(  # noqa: PLR0917 - the options of a command line
    profile: Annotated[Profile, typer.Option(help=f"{_INTERVALS}.")] = Profile.latency,
    taskmanagers: Annotated[int, typer.Option(min=1, help="TaskManagers, one slot each.")] = 1,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of each topic.")] = 2,
    geoip: Annotated[Path | None, _GEOIP] = None,
    asn: Annotated[Path | None, _ASN] = None,
    run_dir: Annotated[Path, typer.Option(help="Logs and data.")] = STACK / "run",
    keep_data: Annotated[bool, typer.Option(help="Keep what an earlier run left in Kafka.")] = False,
    job: Annotated[bool, typer.Option(help="Submit the enrichment job.")] = True,
    metrics: Annotated[bool, typer.Option(help="Flink's metrics for Prometheus, on every interface.")] = False,
) -> None:
    """Start everything, submit the job, and run until Ctrl-C."""
    options = StackOptions(
        run_dir=run_dir,
        keep_data=keep_data,
        partitions=partitions,
        taskmanagers=taskmanagers,
        flink=replace(FlinkOptions.of(_PROFILES[profile]), prometheus=metrics),
        geoip_city_path=geoip,
        geoip_asn_path=asn,
    )
    with LocalStack(options) as stack:
        own = psutil.Process()
        _UP_FILE.parent.mkdir(parents=True, exist_ok=True)
        _UP_FILE.write_bytes(msgspec.json.encode(describe("up", own.pid, own.cmdline())))
        try:
            if job:
                submit(stack, ENRICHMENT, parallelism=taskmanagers)
            _console.print(_addresses(stack))
            _console.print("Ctrl-C stops everything.")
            _stay(stack)
        except (KeyboardInterrupt, SystemExit):
            _console.print("stopping")
        finally:
            _UP_FILE.unlink(missing_ok=True)


@app.command()
def down() -> None:
    """Stop a running ``up``."""
    try:
        record = msgspec.json.decode(_UP_FILE.read_bytes(), type=PidRecord)
    except FileNotFoundError:
        _console.print("nothing is up")
        return
    process = living(record)
    if process is None:
        _UP_FILE.unlink(missing_ok=True)
        _console.print("nothing is up")
        return
    terminate(process, _STOP_S)
    _console.print("stopped")


@app.command()
def setup(
    geoip: Annotated[Path | None, _GEOIP] = None,
    asn: Annotated[Path | None, _ASN] = None,
) -> None:
    """Fetch what the stack needs: the jars, and the databases of places and of autonomous systems."""
    fetch_jars()
    _console.print(f"city database: {ensure_city_database(geoip)}")
    _console.print(f"ASN database: {ensure_asn_database(asn)}")


def _addresses(stack: LocalStack) -> Table:
    table = Table("service", Column("address", no_wrap=True), "log", "ready after", caption=f"logs in {stack.logs}")
    places = {
        "kafka": stack.bootstrap_servers,
        "redis": stack.redis_url,
        "optouts": stack.optouts_url,
        "lookup": stack.lookup_url,
        "jobmanager": stack.flink.rest_url,
    }
    for process in stack.processes:
        seconds = stack.timings.get("flink" if process.name == "jobmanager" else process.name)
        took = f"{seconds:.1f} s" if seconds is not None else ""
        table.add_row(process.name, places.get(process.name, ""), process.log_path.name, took)
    for target in stack.flink.metrics_targets:
        table.add_row("metrics", f"http://{target}/metrics", "", "")
    return table


def _stay(stack: LocalStack) -> None:
    never = threading.Event()
    while not never.wait(_CHECK_S):
        for process in stack.processes:
            process.raise_if_exited()


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        app()
    except SetupError as error:
        print(f"local_stack: {error}", file=sys.stderr)
        sys.exit(1)
