"""The compose files: what a person who types one command may rely on."""

import itertools
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.flink.property_groups import read
from contracts import topics
from contracts.fixed_topics import enriched_name
from contracts.lookup_api.lookups import API_KEY_HEADER
from deploy.flink import configuration
from deploy.job_spec import JobSpec
from deploy.jobs import ENRICHMENT, JOBS, LAKE
from deploy.paths import PROJECT
from lake.config import load as load_lake
from local_stack.flink.managed_flink_rules import PROGRAM_MAY_SET
from local_stack.lookup.geoip import ASN, CITY
from local_stack.lookup.redis import DURABLE
from local_stack.lookup.service import RANGES
from lookup_service.http.api_keys import SCOPES, read_api_keys
from lookup_service.settings import Settings
from tests.deploy.compose_model import ComposeModel, included_files, load

FILE = PROJECT / "docker-compose.yml"
FOLDER = PROJECT / "deploy" / "compose"
FRAGMENTS = FOLDER / "common.yml"
LONGEST_SERVICE = 40
PROFILES = {"tools", "fluentd", "behaviour", "account_security", "features", "webhook", "lake", "olap", "observability"}
ONE_SHOTS = {
    "keys",
    "optouts-init",
    "optouts-volume",
    "topics",
    "geoip",
    "seed",
    "generator",
    "audit",
    "druid-specs",
    "lake-audit",
    "lake-count",
    "lake-compact",
}


@pytest.fixture(scope="module")
def model() -> ComposeModel:
    return load(FILE)


@pytest.fixture(scope="module")
def services(model: ComposeModel) -> dict[str, dict[str, Any]]:
    return model.services


def compose_missing() -> str | None:
    """Why ``docker compose`` cannot be called, or None."""
    docker = shutil.which("docker")
    if docker is None:
        return "no docker client"
    done = subprocess.run([docker, "compose", "version"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "the docker client has no compose plugin"


@pytest.mark.servers
@pytest.mark.parametrize("profile", [[], ["--profile", "*"]])
def test_compose_itself_accepts_the_file(profile: list[str]) -> None:
    if reason := compose_missing():
        pytest.skip(reason)
    done = subprocess.run(
        ["docker", "compose", "-f", str(FILE), *profile, "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.servers
def test_compose_finds_the_same_services(model: ComposeModel) -> None:
    if reason := compose_missing():
        pytest.skip(reason)
    command = ["docker", "compose", "-f", str(FILE), "--profile", "*", "config", "--services"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(found) == model.services.keys()


def test_every_file_of_the_folder_is_included_or_extended() -> None:
    included = included_files(FILE)[1:]
    assert included
    assert {*included, FRAGMENTS} == set(FOLDER.glob("*.yml"))


@pytest.mark.parametrize("file", [*included_files(FILE), FRAGMENTS], ids=lambda file: file.name)
def test_no_service_is_longer_than_a_screen(file: Path) -> None:
    """From its name to its last line, comments included."""
    names = yaml.safe_load(file.read_text()).get("services", {})
    blocks = re.findall(r"^  ([\w-]+):.*\n((?:    .*\n|\n)*)", file.read_text(), re.MULTILINE)
    lengths = {name: 1 + len(block.rstrip().splitlines()) for name, block in blocks if name in names}
    assert lengths.keys() == names.keys() if names else file == FILE
    assert {name: length for name, length in lengths.items() if length > LONGEST_SERVICE} == {}


def test_a_profiles_services_are_in_the_file_of_its_name(model: ComposeModel) -> None:
    for name, service in model.services.items():
        (profile,) = service.get("profiles", [None])
        file = model.defined_in[name]
        profile_files = {FOLDER / f"{each}.yml" for each in PROFILES}
        assert file == FOLDER / f"{profile}.yml" if profile else file not in profile_files, name


def test_every_volume_is_declared_and_every_declared_one_is_used(model: ComposeModel) -> None:
    mounted = {volume.split(":")[0] for service in model.services.values() for volume in service.get("volumes", [])}
    assert {source for source in mounted if not source.startswith("/")} == model.volumes


def test_what_is_mounted_and_what_is_built_is_there(services: Mapping[str, Any]) -> None:
    sources = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    mounted = {Path(source) for source in sources if source.startswith("/")}
    assert FOLDER / "application_properties.json" in mounted
    assert {path for path in mounted if not path.exists()} == set()
    builds = [service["build"] for service in services.values() if "build" in service]
    files = {Path(build["context"], build.get("dockerfile", "Dockerfile")) for build in builds}
    assert PROJECT / "deploy" / "flink" / "Dockerfile" in files
    assert {path for path in files if not path.is_file()} == set()


def test_ports_are_published_on_loopback_only(services: Mapping[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_pinned(services: Mapping[str, Any]) -> None:
    built = {service["image"] for service in services.values() if "build" in service}
    for name, service in services.items():
        image = service["image"]
        if image.startswith("clickstream/"):
            # The project's own images have one tag. Some service builds each of them, so none is ever pulled.
            assert image in built and image.endswith(":local"), name
        else:
            assert image not in built and re.search(r":v?\d", image), name
    for file in PROJECT.glob("**/Dockerfile"):
        if "build" in file.relative_to(PROJECT).parts or ".venv" in file.parts:
            continue
        text = file.read_text()
        assert "# syntax" not in text, file
        assert ":latest" not in text, file
        assert "\nUSER " in text, f"{file} runs as root"


def test_every_service_has_limits_and_gains_no_privileges(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= limits.keys(), name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_what_can_be_read_only_is(services: Mapping[str, Any]) -> None:
    writable = {name for name, service in services.items() if not service.get("read_only")}
    # Their official images write their configuration or drop their privileges at the start.
    assert {name for name in writable if not name.startswith("druid-")} == {"kafka", "postgres", "zookeeper"}


def test_what_stays_up_has_a_health_check_and_is_waited_for(services: Mapping[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == ONE_SHOTS
    for name, service in services.items():
        for other, needed in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert needed["condition"] == expected, f"{name} on {other}"


def test_up_can_wait_for_every_one_shot(services: Mapping[str, Any]) -> None:
    """``up --wait`` takes one that nothing depends on as a service that has died, whatever its exit code."""
    waited_for = {other for service in services.values() for other in service.get("depends_on", {})}
    on_demand = {name for name, service in services.items() if service.get("profiles") == ["tools"]}
    # The generator still runs when the wait is over.
    assert ONE_SHOTS - on_demand - waited_for == {"generator"}


def test_the_generators_settings_have_their_former_names_too(services: Mapping[str, Any]) -> None:
    command = services["generator"]["command"]
    assert command[:2] == ["producers", "generate"]
    assert "${GENERATOR_RATE:-${REPLAY_RATE:-200}}" in command
    assert "${GENERATOR_EVENTS:-${REPLAY_EVENTS:-120000}}" in command


def test_builds_reach_registries_where_only_the_hosts_network_does(services: Mapping[str, Any]) -> None:
    builds = {name: service["build"] for name, service in services.items() if "build" in service}
    assert builds
    assert all(build["network"] == "host" for build in builds.values())


def test_kafka_and_checkpoints_outlive_the_containers(model: ComposeModel, services: Mapping[str, Any]) -> None:
    assert {"kafka-data", "checkpoints"} <= model.volumes
    assert "kafka-data:/var/lib/kafka/data" in services["kafka"]["volumes"]
    for name in ("jobmanager", "taskmanager"):
        assert "checkpoints:/checkpoints" in services[name]["volumes"]


def test_opt_outs_have_a_redis_of_their_own_that_keeps_them(services: Mapping[str, Any]) -> None:
    (url,) = {
        read(job.container.properties)[group][key]
        for job in JOBS.values()
        for resource, (group, key) in job.resources.items()
        if resource == "opt_outs_url"
    }
    name = url.removeprefix("redis://").partition(":")[0]
    assert name not in services["lookup"]["environment"]["LOOKUP_REDIS_URL"]
    words = services[name]["command"]
    settings = {word.removeprefix("--"): value for word, value in itertools.pairwise(words) if word.startswith("--")}
    assert settings.items() >= DURABLE.items()
    assert f"{name}:{settings['dir']}" in services[name]["volumes"]
    assert url in services["optouts-init"]["command"]


@pytest.mark.parametrize("job", [job for job in JOBS.values() if "opt_outs_url" in job.resources], ids=lambda j: j.name)
def test_who_reads_the_opt_outs_waits_for_their_store(job: JobSpec, services: Mapping[str, Any]) -> None:
    assert "optouts-init" in services[f"{job.container.prefix}job"]["depends_on"]


def test_what_is_beside_the_pipeline_has_a_profile(services: Mapping[str, Any]) -> None:
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    assert profiles == PROFILES
    for name, service in services.items():
        if name.startswith(("druid-", "lake-", "behaviour-", "account-security-", "features-")):
            assert service["profiles"], name


def test_the_lake_has_a_cluster_and_checkpoints_of_its_own(services: Mapping[str, Any]) -> None:
    lakes = {name: service for name, service in services.items() if name.startswith("lake-")}
    for name, service in lakes.items():
        assert "lake:/lake" in service["volumes"] or name == "lake-job", name
        assert not any(volume.startswith("checkpoints:") for volume in service["volumes"]), name
    settings = configuration.settings(LAKE)
    for name in ("lake-jobmanager", "lake-taskmanager", "lake-job"):
        assert "lake-checkpoints:/checkpoints" in [volume.removesuffix(":ro") for volume in lakes[name]["volumes"]]
        assert lakes[name]["environment"]["FLINK_CONF_DIR"] == "/opt/flink/conf/lake"
        assert lakes[name]["environment"]["FLINK_REST"] == f"http://{settings['rest.address']}:8081"
    assert lakes["lake-job"]["environment"]["JOB"] == LAKE.name
    assert lakes["lake-jobmanager"]["hostname"] == settings["rest.address"] == settings["jobmanager.rpc.address"]
    # What the service forbids, the lake's job may not set either.
    assert not [name for name in LAKE.container.flink if name.startswith("execution.program-config")]


def test_no_two_jobs_share_checkpoints(services: Mapping[str, Any]) -> None:
    found = {
        job.name: {
            source
            for each in ("jobmanager", "taskmanager", "job")
            for source, place, *_ in (v.split(":") for v in services[f"{job.container.prefix}{each}"]["volumes"])
            if place == "/checkpoints"
        }
        for job in JOBS.values()
    }
    assert {name: len(volumes) for name, volumes in found.items()} == dict.fromkeys(JOBS, 1)
    assert len(set.union(*found.values())) == len(JOBS)


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_a_container_of_flink_has_more_memory_than_flink_takes(job: JobSpec, services: Mapping[str, Any]) -> None:
    settings = configuration.settings(job)
    for each in ("jobmanager", "taskmanager"):
        limit = services[f"{job.container.prefix}{each}"]["deploy"]["resources"]["limits"]["memory"]
        assert _megabytes(str(settings[f"{each}.memory.process.size"])) < _megabytes(limit), each


def test_the_lake_is_of_the_reference_purposes() -> None:
    config = load_lake(PROJECT / "deploy" / "compose" / "lake_properties.json")
    read = {enriched_name(name) for name in config.lake.purposes.split(",")}
    assert read == {topics.ANALYTICS.name, topics.SECURITY.name, topics.PERSONALIZATION.name}
    assert config.lake.path == "file:///lake"


def test_a_druids_first_heap_is_never_larger_than_its_largest(services: Mapping[str, Any]) -> None:
    """The image's start script replaces the one that it is told, and leaves the other as the image has it."""
    for name, service in services.items():
        if name.startswith("druid-") and name not in ONE_SHOTS:
            first, largest = (service["environment"][f"DRUID_{key}"] for key in ("XMS", "XMX"))
            assert (
                _megabytes(first)
                <= _megabytes(largest)
                < _megabytes(service["deploy"]["resources"]["limits"]["memory"])
            )
            # Settings for an indexer are among the image's for a cluster only: elsewhere it would not start.
            assert bool(service["environment"]["DRUID_SINGLE_NODE_CONF"]) == (name != "druid-indexer"), name


def _megabytes(size: str) -> int:
    return int(size[:-1]) * {"m": 1, "g": 1024}[size[-1].lower()]


def test_who_asks_the_lookup_service_has_a_key_of_it(services: Mapping[str, Any]) -> None:
    given = services["lookup"]["environment"]["LOOKUP_API_KEYS"]
    keys = {name: key for name, key, _ in (each.split(":") for each in given.split(","))}
    groups = yaml.safe_load((PROJECT / "deploy" / "compose" / "application_properties.json").read_text())
    asked = {group["PropertyGroupId"]: group["PropertyMap"] for group in groups}["lookup"]
    scraped = yaml.safe_load((PROJECT / "deploy" / "observability" / "prometheus.yml").read_text())["scrape_configs"]
    (headers,) = (config["http_headers"] for config in scraped if config["job_name"] == "lookup")
    assert {"job": asked["api.key"], "prometheus": headers[API_KEY_HEADER]["secrets"][0]}.items() <= keys.items()
    settings = Settings(sources_path=__file__, redis_url="redis://redis:6379/0", api_keys=given)  # type: ignore[arg-type]
    known = read_api_keys(settings)
    assert known is not None
    scopes = {name: known.client({API_KEY_HEADER.encode(): key.encode()}) for name, key in keys.items()}
    assert {name: client and client.scopes for name, client in scopes.items()} == {
        "job": {"lookup"},
        "prometheus": {"metrics"},
        "operator": SCOPES,
    }


def test_the_lookup_service_is_healthy_while_it_lives(services: Mapping[str, Any]) -> None:
    assert services["lookup"]["healthcheck"]["test"] == ["CMD", "python", "-m", "lookup_service.healthcheck"]


def test_flink_runs_by_the_managed_services_rules() -> None:
    settings: dict[str, Any] = configuration.settings(ENRICHMENT)
    assert settings["execution.program-config.enabled"] is False
    assert tuple(settings["execution.program-config.wildcards"]) == PROGRAM_MAY_SET
    assert settings["taskmanager.numberOfTaskSlots"] == 1
    assert settings["state.backend.type"] == "rocksdb"


def test_the_jobs_properties_are_keys_of_the_reference_file() -> None:
    def groups(path: Path) -> dict[str, set[str]]:
        return {group["PropertyGroupId"]: set(group["PropertyMap"]) for group in yaml.safe_load(path.read_text())}

    reference = groups(ENRICHMENT.reference)
    own = groups(PROJECT / "deploy" / "compose" / "application_properties.json")
    assert own.keys() <= reference.keys()
    assert all(keys <= reference[name] for name, keys in own.items())


def test_the_demonstration_ranges_are_the_local_stacks() -> None:
    for meaning, lines in RANGES.items():
        written = (PROJECT / "deploy" / "compose" / "ranges" / f"{meaning}.txt").read_text().splitlines()
        assert tuple(line for line in written if not line.startswith("#")) == lines


def test_the_databases_of_addresses_are_the_local_stacks() -> None:
    dockerfile = (PROJECT / "deploy" / "geoip" / "Dockerfile").read_text()
    assert f"ARG PACKAGE={CITY.package}\n" in dockerfile
    assert f"ARG ASN_PACKAGE={ASN.package}\n" in dockerfile
    copied = re.search(r"^COPY --from=fetch --chmod=444 (.+) /$", dockerfile, re.MULTILINE)
    assert copied is not None
    written = {f"/geoip/{Path(path).name}" for path in copied[1].split()}
    sources = tomllib.loads((FOLDER / "lookup_sources.toml").read_text())["source"]
    read = {
        source.get("asn_path", source.get("path"))
        for source in sources
        if source["type"] in ("geoip_city", "mmdb_network")
    }
    assert read == written


def test_what_prometheus_scrapes_is_there(services: Mapping[str, Any]) -> None:
    scraped = yaml.safe_load((PROJECT / "deploy" / "observability" / "prometheus.yml").read_text())["scrape_configs"]
    hosts = {name for config in scraped for found in config.get("dns_sd_configs", ()) for name in found["names"]}
    for config in scraped:
        for target in (target for found in config.get("static_configs", ()) for target in found["targets"]):
            host, port = target.split(":")
            hosts.add(host)
            asked = services[host].get("environment", {}).values(), services[host].get("command", ())
            assert any(port == str(value) for where in asked for value in where), f"{host} serves nothing at {port}"
    assert hosts <= services.keys()
