"""The compose file: what a person who types one command may rely on."""

import itertools
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts import topics
from contracts.fixed_topics import enriched_name
from contracts.lookup_api.lookups import API_KEY_HEADER
from deploy.build.target import ENRICHMENT, LAKE
from deploy.paths import PROJECT, REFERENCE
from lake.config import load as load_lake
from local_stack.flink.managed_flink_rules import PROGRAM_MAY_SET
from local_stack.lookup.geoip import PACKAGE
from local_stack.lookup.redis import DURABLE
from local_stack.lookup.service import RANGES
from lookup_service.http.api_keys import SCOPES, read_api_keys
from lookup_service.settings import Settings

FILE = PROJECT / "docker-compose.yml"
ONE_SHOTS = {
    "keys",
    "optouts-init",
    "optouts-volume",
    "topics",
    "geoip",
    "seed",
    "replay",
    "audit",
    "druid-specs",
    "lake-audit",
    "lake-count",
    "lake-compact",
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
    return found


def compose_missing() -> str | None:
    """Why ``docker compose`` cannot be called, or None."""
    docker = shutil.which("docker")
    if docker is None:
        return "no docker client"
    done = subprocess.run([docker, "compose", "version"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else "the docker client has no compose plugin"


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


def test_ports_are_published_on_loopback_only(services: Mapping[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_pinned(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r":v?\d", service["image"]), name
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
    # The replay is a stream: it is there, or the wait is over before it ends.
    assert ONE_SHOTS - on_demand - waited_for == {"replay"}


def test_builds_reach_registries_where_only_the_hosts_network_does(services: Mapping[str, Any]) -> None:
    builds = {name: service["build"] for name, service in services.items() if "build" in service}
    assert builds
    assert all(build["network"] == "host" for build in builds.values())


def test_kafka_and_checkpoints_outlive_the_containers(services: Mapping[str, Any]) -> None:
    volumes = yaml.safe_load(FILE.read_text())["volumes"]
    assert {"kafka-data", "checkpoints"} <= volumes.keys()
    assert "kafka-data:/var/lib/kafka/data" in services["kafka"]["volumes"]
    for name in ("jobmanager", "taskmanager"):
        assert "checkpoints:/checkpoints" in services[name]["volumes"]


def test_opt_outs_have_a_redis_of_their_own_that_keeps_them(services: Mapping[str, Any]) -> None:
    groups = yaml.safe_load((PROJECT / "deploy" / "compose" / "application_properties.json").read_text())
    (privacy,) = (group["PropertyMap"] for group in groups if group["PropertyGroupId"] == "privacy")
    name = privacy["suppression.redis.url"].removeprefix("redis://").partition(":")[0]
    assert name not in services["lookup"]["environment"]["LOOKUP_REDIS_URL"]
    words = services[name]["command"]
    settings = {word.removeprefix("--"): value for word, value in itertools.pairwise(words) if word.startswith("--")}
    assert settings.items() >= DURABLE.items()
    assert f"{name}:{settings['dir']}" in services[name]["volumes"]
    assert privacy["suppression.redis.url"] in services["optouts-init"]["command"]


def test_what_is_beside_the_pipeline_has_a_profile(services: Mapping[str, Any]) -> None:
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    assert profiles == {"tools", "fluentd", "lake", "olap", "observability"}
    for name, service in services.items():
        if name.startswith(("druid-", "lake-")):
            assert service["profiles"], name


def test_the_lake_has_a_cluster_and_checkpoints_of_its_own(services: Mapping[str, Any]) -> None:
    lakes = {name: service for name, service in services.items() if name.startswith("lake-")}
    for name, service in lakes.items():
        assert "lake:/lake" in service["volumes"] or name == "lake-job", name
        assert not any(volume.startswith("checkpoints:") for volume in service["volumes"]), name
    changed = yaml.safe_load((PROJECT / "deploy" / "flink" / "lake.yaml").read_text())
    for name in ("lake-jobmanager", "lake-taskmanager", "lake-job"):
        assert "lake-checkpoints:/checkpoints" in [volume.removesuffix(":ro") for volume in lakes[name]["volumes"]]
        assert lakes[name]["environment"]["FLINK_CONF_DIR"] == "/opt/flink/lake-conf"
        assert lakes[name]["environment"]["FLINK_REST"] == f"http://{changed['rest.address']}:8081"
    assert lakes["lake-job"]["environment"]["APP_JAR"] == LAKE.jar
    assert lakes["lake-jobmanager"]["hostname"] == changed["rest.address"] == changed["jobmanager.rpc.address"]
    # What the service forbids, the lake's job may not set either.
    assert not [name for name in changed if name.startswith("execution.program-config")]


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
    settings = yaml.safe_load((PROJECT / "deploy" / "flink" / "conf" / "config.yaml").read_text())
    assert settings["execution.program-config.enabled"] is False
    assert tuple(settings["execution.program-config.wildcards"]) == PROGRAM_MAY_SET
    assert settings["taskmanager.numberOfTaskSlots"] == 1
    assert settings["state.backend.type"] == "rocksdb"


def test_the_jobs_properties_are_keys_of_the_reference_file() -> None:
    def groups(path: Path) -> dict[str, set[str]]:
        return {group["PropertyGroupId"]: set(group["PropertyMap"]) for group in yaml.safe_load(path.read_text())}

    reference = groups(REFERENCE)
    own = groups(PROJECT / "deploy" / "compose" / "application_properties.json")
    assert own.keys() <= reference.keys()
    assert all(keys <= reference[name] for name, keys in own.items())


def test_the_demonstration_ranges_are_the_local_stacks() -> None:
    for meaning, lines in RANGES.items():
        written = (PROJECT / "deploy" / "compose" / "ranges" / f"{meaning}.txt").read_text().splitlines()
        assert tuple(line for line in written if not line.startswith("#")) == lines


def test_the_city_database_is_the_local_stacks() -> None:
    assert f"ARG PACKAGE={PACKAGE}\n" in (PROJECT / "deploy" / "geoip" / "Dockerfile").read_text()


def test_the_image_gets_every_package_of_the_archive() -> None:
    text = (PROJECT / "deploy" / "flink" / "Dockerfile").read_text()
    assert all(f"COPY {package} {package}\n" in text for package in {*ENRICHMENT.packages, *LAKE.packages})


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


def test_what_the_images_copy_is_in_the_context() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    allowed = tuple(line[1:] for line in lines if line.startswith("!"))
    copied = {
        source
        for dockerfile in PROJECT.glob("[dl]*/**/Dockerfile")
        if dockerfile.parent.name not in ("geoip", "fluentd")  # contexts of their own
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {"contracts", "deploy/topics.py"} <= copied
    assert {source for source in copied if source.split("/")[0] not in allowed} == set()
    assert all((PROJECT / source).exists() for source in copied)
