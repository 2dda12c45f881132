"""Every row of the table of jobs: what it refers to is there, and what must follow from it does."""

import importlib.util
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
import yaml

from common.flink.property_groups import ConfigError, changed, read, write
from contracts import fixed_topics, topics
from deploy import profiles
from deploy.flink import configuration
from deploy.flink.run_job import APP
from deploy.jars import ARCHIVE_JARS
from deploy.job_spec import JobSpec
from deploy.jobs import BEHAVIOUR, ENRICHMENT, JOBS, LAKE
from deploy.paths import PROJECT
from deploy.profiles import Profile

EVERY_JOB = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())
DOCKERFILE = (PROJECT / "deploy" / "flink" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of all compose files. Only what a file says itself: ``extends`` is not resolved."""
    found: dict[str, dict[str, Any]] = {}
    for file in (PROJECT / "docker-compose.yml", *sorted((PROJECT / "deploy" / "compose").glob("*.yml"))):
        found |= yaml.safe_load(file.read_text()).get("services", {})
    return found


@EVERY_JOB
def test_its_entry_has_a_main(job: JobSpec) -> None:
    # Not imported: most entries need Flink, and some submit when they are.
    spec = importlib.util.find_spec(job.entry)
    assert spec is not None and spec.origin == str(job.entry_file)
    assert re.search(r"^def main\(", job.entry_file.read_text(), re.MULTILINE)


@EVERY_JOB
def test_its_files_and_packages_are_there(job: JobSpec) -> None:
    assert [name for name in job.files if not (PROJECT / name).is_file()] == []
    assert [name for name in job.folders if not any((PROJECT / name).glob("*"))] == []
    assert [name for name in job.packages if not (PROJECT / Path(*name.split(".")) / "__init__.py").is_file()] == []
    assert any(f"{job.entry}.".startswith(f"{package}.") for package in job.packages)
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(job.extras) <= extras.keys()


@EVERY_JOB
def test_it_accepts_its_property_files(job: JobSpec, tmp_path: Path) -> None:
    job.check(job.reference)
    job.check(job.container.properties)
    broken = write(tmp_path / "broken.json", changed(read(job.reference), {"no such group": {}}))
    with pytest.raises(ConfigError, match="no such group"):
        job.check(broken)


@EVERY_JOB
def test_the_keys_of_its_row_are_keys_of_its_reference_file(job: JobSpec) -> None:
    reference = read(job.reference)
    named = {*job.resources.values(), job.group_id, *([job.transactions] if job.transactions else [])}
    assert [place for place in named if place.key not in reference.get(place.group, {})] == []
    assert "kafka" in job.resources


@EVERY_JOB
def test_what_runs_in_a_container_changes_keys_of_the_reference_file(job: JobSpec) -> None:
    reference = read(job.reference)
    for group, keys in read(job.container.properties).items():
        assert keys.keys() <= reference[group].keys()


@EVERY_JOB
def test_its_jars_are_what_the_poms_make(job: JobSpec) -> None:
    assert job.jar in ARCHIVE_JARS, "python -m deploy.build.jars makes it for the image"
    for jar in (job.jar, *([job.local_jar] if job.local_jar else [])):
        pom = ElementTree.parse(jar.pom).getroot()  # noqa: S314 - our own
        space = {"m": "http://maven.apache.org/POM/4.0.0"}
        where = {found.findtext("m:id", "", space): found for found in pom.iterfind("m:profiles/m:profile", space)}
        if jar.profile is not None:
            assert jar.profile in where
        product = next(
            (
                text
                for part in (where.get(jar.profile or ""), pom)
                if part is not None and (text := part.findtext("m:properties/m:product", None, space))
            ),
            jar.name,
        )
        assert jar.product.name == f"{product}.jar"


@EVERY_JOB
def test_its_topics_are_in_the_table_of_topics(job: JobSpec) -> None:
    assert {*job.reads, *job.writes} <= {*topics.ALL}
    assert job.reads
    # A job may send records to itself. What others write must be no part of that circle.
    circle = {*job.reads} & {*job.writes}
    assert not circle & {topic for each in JOBS.values() if each != job for topic in each.writes}
    assert {*job.restores} <= {*job.writes}
    assert all(topic.is_compacted for topic in job.restores), "whoever reads it later finds all of it"
    assert not [topic.name for topic in circle if topic.schema], "internal: it has no published schema"
    assert bool(job.writes) or job.transactions is None


def test_nothing_in_build_or_deployment_knows_a_job_by_name() -> None:
    """But the table itself, and the command that starts the enrichment job with the stack."""
    known = {PROJECT / "deploy" / "jobs.py", PROJECT / "local_stack" / "cli.py"}
    files = {file for room in ("deploy", "local_stack") for file in (PROJECT / room).rglob("*.py")}
    assert known <= files
    names = "|".join(name.upper() for name in JOBS)
    named = re.compile(rf"^from deploy\.jobs import .*\b({names})\b", re.MULTILINE)
    assert {file for file in files if named.search(file.read_text())} <= known


def test_every_topic_that_no_one_outside_writes_is_written_by_one_job() -> None:
    outside = (topics.RAW, fixed_topics.LABELS, fixed_topics.RULES)
    writers = Counter(topic.name for job in JOBS.values() for topic in job.writes)
    # Each of its keys is of one job: browsers and sessions of behaviour, the other entities of features.
    assert writers.pop(fixed_topics.FEATURES.name) <= 2
    writers[fixed_topics.FEATURES.name] = 1
    assert writers == Counter(topic.name for topic in topics.ALL if topic not in outside)


def test_no_two_jobs_share_a_name_a_group_or_a_prefix() -> None:
    """With one group, two jobs would take each other's partitions; with one prefix, abort each other's transactions."""
    for found in (
        [job.cloud.stack for job in JOBS.values()],
        [job.cloud.group for job in JOBS.values()],
        [job.cloud.log_stream for job in JOBS.values()],
        [job.cloud.alarm_prefix for job in JOBS.values()],
        [job.container.prefix for job in JOBS.values()],
        [read(job.reference)[job.group_id.group][job.group_id.key] for job in JOBS.values()],
        [read(job.reference)[place.group][place.key] for job in JOBS.values() if (place := job.transactions)],
    ):
        assert len(found) == len(set(found)), found
    assert [name for name, job in JOBS.items() if name != job.name] == []


@EVERY_JOB
def test_compose_has_its_cluster(job: JobSpec, services: dict[str, dict[str, Any]]) -> None:
    prefix = job.container.prefix
    manager, worker, submission = (services[f"{prefix}{each}"] for each in ("jobmanager", "taskmanager", "job"))
    assert manager["hostname"] == job.container.jobmanager
    image = dict(re.findall(r"(JOB|FLINK_CONF_DIR)=(\S+)", DOCKERFILE))
    for service in (manager, worker, submission):
        found = image | service.get("environment", {})
        assert found["FLINK_CONF_DIR"] == f"/opt/flink/conf/{job.name}"
        assert found["FLINK_REST"] == f"http://{job.container.jobmanager}:8081"
    environment = image | submission["environment"]
    assert environment["JOB"] == job.name
    mounts = [volume.split(":") for volume in submission["volumes"]]
    (source,) = (mount[0] for mount in mounts if mount[1] == environment["APPLICATION_PROPERTIES"])
    assert Path(source).name == job.container.properties.name


@EVERY_JOB
def test_prometheus_scrapes_its_cluster(job: JobSpec) -> None:
    text = (PROJECT / "deploy" / "observability" / "prometheus.yml").read_text()
    hosts = {
        name
        for config in yaml.safe_load(text)["scrape_configs"]
        for found in config.get("dns_sd_configs", ())
        for name in found["names"]
    }
    assert {job.container.jobmanager, f"{job.container.prefix}taskmanager"} <= hosts


def test_the_image_has_every_job() -> None:
    assert "COPY . .\nRUN python -m deploy.flink.image /jobs /conf" in DOCKERFILE
    assert f"COPY --from=archive /jobs {APP.parent}\n" in DOCKERFILE
    assert "COPY --from=archive /conf /opt/flink/conf\n" in DOCKERFILE
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    needed = {package.split(".")[0] for job in JOBS.values() for package in job.packages} | {"deploy"}
    assert needed <= allowed


@EVERY_JOB
def test_the_configuration_of_its_cluster_is_the_tables(job: JobSpec, tmp_path: Path) -> None:
    configuration.write(job, tmp_path / "conf")
    written = yaml.safe_load((tmp_path / "conf" / "config.yaml").read_text())
    assert written == configuration.settings(job)
    assert written.items() >= job.container.profile.flink_settings().items()
    assert written.items() >= job.container.flink.items()
    assert written["jobmanager.rpc.address"] == written["rest.address"] == job.container.jobmanager
    assert {file.name for file in (tmp_path / "conf").iterdir()} == {file.name for file in configuration.CONF.iterdir()}


def test_what_all_clusters_share_is_no_jobs_own() -> None:
    shared = yaml.safe_load((configuration.CONF / "config.yaml").read_text())
    assert not shared.keys() & ENRICHMENT.container.profile.flink_settings().keys()


def test_the_intervals_are_what_they_were() -> None:
    """A change of one is a change for its users: of latency, of the number of files, of the brokers' work."""
    table = {name: each.checkpoint_interval_ms for name, each in vars(profiles).items() if isinstance(each, Profile)}
    assert table == {
        "LATENCY": 50,
        "THROUGHPUT": 1_000,
        "COMPOSE": 200,
        "PRODUCTION": 1_000,
        "BEHAVIOUR_LOCAL": 100,
        "BEHAVIOUR_COMPOSE": 500,
        "BEHAVIOUR_PRODUCTION": 1_000,
        "ACCOUNT_SECURITY_LOCAL": 1_000,
        "ACCOUNT_SECURITY_COMPOSE": 1_000,
        "ACCOUNT_SECURITY_PRODUCTION": 1_000,
        "FEATURES_LOCAL": 500,
        "FEATURES_COMPOSE": 1_000,
        "FEATURES_PRODUCTION": 1_000,
        "LAKE_LOCAL": 10_000,
        "LAKE_BENCH": 5_000,
        "LAKE_COMPOSE": 20_000,
        "LAKE_PRODUCTION": 300_000,
    }
    assert (ENRICHMENT.container.profile, ENRICHMENT.production_profile) == (profiles.COMPOSE, profiles.PRODUCTION)
    behaviour = (BEHAVIOUR.local_profile, BEHAVIOUR.container.profile, BEHAVIOUR.production_profile)
    assert behaviour == (profiles.BEHAVIOUR_LOCAL, profiles.BEHAVIOUR_COMPOSE, profiles.BEHAVIOUR_PRODUCTION)
    assert (LAKE.container.profile, LAKE.production_profile) == (profiles.LAKE_COMPOSE, profiles.LAKE_PRODUCTION)


def test_every_profile_says_whom_it_serves_and_why() -> None:
    for each in vars(profiles).values():
        if isinstance(each, Profile):
            assert each.serves
            assert each.why


@EVERY_JOB
def test_what_a_place_offers_goes_into_its_properties(job: JobSpec) -> None:
    found = job.located(dict.fromkeys(job.resources, "offered"))
    assert {(group, key) for group, keys in found.items() for key in keys} == {tuple(p) for p in job.resources.values()}


def test_what_a_job_does_not_want_is_left_out() -> None:
    assert LAKE.located({"lookup_url": "http://lookup", "kafka": "b:1"}) == {"kafka": {"bootstrap.servers": "b:1"}}


def test_a_property_file_has_the_shape_of_the_managed_service() -> None:
    groups = msgspec.json.decode(ENRICHMENT.reference.read_bytes())
    assert all(set(group) == {"PropertyGroupId", "PropertyMap"} for group in groups)
