"""The archives, run by the managed service's rules: one enriches real events, the others give them sessions and write
them to the lake.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from contracts.fixed_topics import enriched_name
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.build.archive_build import build
from deploy.build.lock import exclusive
from deploy.build.target import FLINK_2_2, Target
from deploy.job_spec import DEPENDENCIES, ENTRY, JobSpec
from deploy.jobs import BEHAVIOUR, ENRICHMENT, JOBS, LAKE
from deploy.paths import BUILD
from local_stack.flink.cluster import FlinkCluster
from local_stack.flink.config import FlinkOptions
from local_stack.flink.managed_flink_emulator import (
    PROPERTIES,
    ManagedFlinkJvm,
    ensure_runtime,
    find_interpreter,
    unpack,
)
from local_stack.jobs import write_properties
from local_stack.stack import LocalStack
from producers.synthetic.generator import GeneratorSettings, generate
from tests.integration.behaviour_run import BehaviourJobRun
from tests.integration.lake_run import LakeRun
from tests.integration.pipeline_run import PipelineRun
from tests.integration.slow_proxy import SlowProxy

EVENTS = 3_000
FLINK = "2.2.1"
PURPOSES = ("analytics", "security", "personalization")
"""Of the lake."""


@pytest.fixture(scope="module")
def python() -> tuple[Path, Target]:
    """The managed runtime's interpreter if it is installed, else this one; and the target to vendor the wheels for."""
    found = find_interpreter(FLINK_2_2.python)
    if found is not None:
        return found, FLINK_2_2
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Path(sys.base_prefix) / "bin" / f"python{own}", Target(python=own)


@pytest.fixture
def applications(python: tuple[Path, Target], tmp_path: Path) -> dict[str, Path]:
    return {
        name: unpack(build(job, tmp_path / f"{job.title}.zip", python[1]).path, tmp_path / job.title)
        for name, job in JOBS.items()
    }


@pytest.fixture
def cluster(python: tuple[Path, Target], tmp_path: Path, stack: LocalStack) -> Iterator[FlinkCluster]:
    """A cluster with RocksDB, as on the managed service, that writes only below one temporary folder."""
    runtime = ensure_runtime(python[0], FLINK)

    def jvm(*, conf_dir: Path, options: FlinkOptions, python: str) -> ManagedFlinkJvm:
        return ManagedFlinkJvm(conf_dir=conf_dir, options=options, python=str(runtime / "bin" / Path(python).name))

    options = FlinkOptions(checkpoint_interval_ms=500, state_backend="rocksdb")
    running = FlinkCluster(tmp_path / "service", options, registry=stack.registry, jvm=jvm)
    running.start(len(JOBS))
    yield running
    running.stop()


@pytest.fixture
def service_properties() -> Iterator[Path | None]:
    """The path at which the managed runtime provides the properties; None if it exists already or is not writable."""
    path = PROPERTIES
    with ExitStack() as undo:
        undo.enter_context(exclusive(BUILD / "service-properties.lock"))
        if path.exists():
            yield None
            return
        try:
            if not path.parent.exists():
                path.parent.mkdir()
                undo.callback(path.parent.rmdir)
            undo.callback(path.unlink, missing_ok=True)
            path.touch()
        except OSError:
            yield None
            return
        yield path


@pytest.fixture
def lake(stack: LocalStack, cluster: FlinkCluster, tmp_path: Path) -> LakeRun:
    return LakeRun(stack, tmp_path / "lake", PURPOSES, cluster)


class EmulatedRun(PipelineRun):
    """A run of the archive, in place of the checkout's job, on the emulator."""

    def launch(self, cluster: FlinkCluster, application: Path, service_properties: Path | None) -> None:
        self._commit_start()
        _launch(cluster, ENRICHMENT, application, self._properties, service_properties)


class EmulatedSessions(BehaviourJobRun):
    """Likewise of the behaviour job's archive."""

    def launch(self, cluster: FlinkCluster, application: Path, service_properties: Path | None) -> None:
        self._commit_start()
        properties = write_properties(self.stack, BEHAVIOUR, self._changes)
        _launch(cluster, BEHAVIOUR, application, properties, service_properties)

    def of_each_event(self) -> Counter[str]:
        """How often each event is stamped with a session."""
        return Counter(event["event_id"] for event in self.read().stamped if event["session_id"])


def _launch(
    cluster: FlinkCluster, job: JobSpec, application: Path, properties: Path, service_properties: Path | None
) -> str:
    """Provides the properties where the managed service does, if that is possible, else by the environment."""
    if service_properties is not None:
        service_properties.write_bytes(properties.read_bytes())
    job_id = cluster.submit(
        application / ENTRY,
        jar=application / job.jar_path,
        python_files=application / DEPENDENCIES,
        parallelism=1,
        properties_path=None if service_properties is not None else properties,
    )
    cluster.rest.wait_running(job_id, 90)
    return job_id


def test_the_archives_enrich_real_events_give_them_sessions_and_write_them_to_the_lake(
    proxy: SlowProxy,
    cluster: FlinkCluster,
    applications: dict[str, Path],
    service_properties: Path | None,
    lake: LakeRun,
) -> None:
    run = EmulatedRun(lake.stack, proxy, "managed-flink-emulator", {"lookup": {"deadline.ms": "5000"}})
    before = {name: _tree(application) for name, application in applications.items()}
    run.launch(cluster, applications[ENRICHMENT.name], service_properties)
    properties = write_properties(lake.stack, LAKE, lake.groups())
    lake.job_id = _launch(cluster, LAKE, applications[LAKE.name], properties, service_properties)
    sessions = EmulatedSessions(lake.stack, "managed-flink-sessions", {}, BEHAVIOUR.production_profile)
    sessions.launch(cluster, applications[BEHAVIOUR.name], service_properties)
    run.send(generate(GeneratorSettings(events=EVENTS, users=2_000, listings=5_000)))
    outcome = run.outcome(idle_s=30)

    assert outcome.balance.raw == EVENTS
    assert outcome.balance.balanced, outcome.balance
    statuses = {event[name] for event in outcome.enriched for name in ("geo_status", "user_status", "listing_status")}
    assert "ok" in statuses
    assert statuses.isdisjoint({"timeout", "error"})
    assert len(outcome.failed) > 0
    held = {enriched_name(purpose) for purpose in PURPOSES}
    lake.wait_for_rows(sum(rows for topic, rows in outcome.balance.enriched.items() if topic in held))
    assert lake.compared_with({topic: ids for topic, ids in outcome.enriched_ids.items() if topic in held}).balanced
    events = [(key, event["event_id"]) for key, event in outcome.records[BEHAVIOUR_EVENTS.name]]
    visits = Counter(event_id for visitor, event_id in events if visitor is not None)
    sessions.wait_stamped(visits.total())
    time.sleep(1)  # a checkpoint longer, in which doubles would appear
    assert sessions.of_each_event() == visits
    for job_id in cluster.rest.jobs():
        assert cluster.rest.restarts(job_id) == 0
    for name, application in applications.items():
        assert _tree(application) == before[name], "something was written into the application's directory"


def test_the_runtime_has_no_checkout_on_its_path(python: tuple[Path, Target], tmp_path: Path) -> None:
    runtime = ensure_runtime(python[0], FLINK)
    interpreter = str(runtime / "bin" / "python")
    assert ManagedFlinkJvm(conf_dir=tmp_path, options=FlinkOptions(), python=interpreter).environment()[
        "PYTHONPATH"
    ] == str(next(runtime.glob("lib/python*/site-packages")))
    for module in ("enrichment_job", "contracts", "aiohttp", "msgspec"):
        found = subprocess.run([interpreter, "-c", f"import {module}"], cwd=tmp_path, capture_output=True, check=False)
        assert found.returncode != 0, f"{module} is found without the archive"


def test_the_emulator_runs_the_python_version_of_the_service(python: tuple[Path, Target]) -> None:
    if python[1] != FLINK_2_2:
        pytest.skip(f"no Python {FLINK_2_2.python} on this machine: the emulator ran on {python[1].python}")
    printed = subprocess.run([python[0], "--version"], capture_output=True, text=True, check=True).stdout
    assert printed.startswith(f"Python {FLINK_2_2.python}.")


def _tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
