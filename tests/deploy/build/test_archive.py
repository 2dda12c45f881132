"""``make package``: real wheels, the real jar, the same bytes each time."""

import dataclasses
import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from deploy.build import archive
from deploy.build import archive_build as build
from deploy.build.dependencies import requirements, vendored
from deploy.build.errors import PackageError
from deploy.build.target import FLINK_2_2, Target
from deploy.job_spec import JobSpec
from deploy.jobs import ACCOUNT_SECURITY, BEHAVIOUR, ENRICHMENT, FEATURES, JOBS, LAKE
from deploy.paths import FEATURES_FILE, PROJECT
from tests.deploy.image_imports import import_failure

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.build(ENRICHMENT, tmp_path_factory.mktemp("package") / "application.zip").path


def test_the_same_input_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    second = build.build(ENRICHMENT, tmp_path / "again.zip").path
    assert _sha256(second) == _sha256(built)


def test_no_entry_tells_when_or_by_whom_it_was_made(built: Path) -> None:
    with zipfile.ZipFile(built) as opened:
        entries = opened.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.date_time, entry.external_attr, entry.create_system) for entry in entries} == {
        (archive.TIME, 0o100644 << 16, 3)
    }


def test_what_is_in_it(built: Path) -> None:
    with zipfile.ZipFile(built) as opened:
        names = set(opened.namelist())
        constants = (PROJECT / "contracts" / "topics.py").read_bytes()
        assert opened.read("contracts/topics.py") == opened.read("dep/contracts/topics.py") == constants
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"main.py", "purposes.yaml", "lib", "dep", *ENRICHMENT.packages}
    assert [name for name in names if name.endswith(".jar")] == [ENRICHMENT.jar_path]
    assert {"dep/aiohttp/__init__.py", "dep/msgspec/__init__.py", "dep/tenacity/__init__.py"} <= names
    assert not [name for name in names if "pyflink" in name or "fastapi" in name]


def test_only_the_jobs_own_requirements_are_vendored() -> None:
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in requirements(ENRICHMENT)}  # type: ignore[index]
    assert names == {
        *("msgspec", "structlog", "aiohttp", "tenacity", "holidays", "tzdata"),
        *("ua-parser", "crawler-user-agents"),
        *("PyYAML", "cryptography", "redis", "boto3"),
        *("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"),
    }


def test_a_target_without_wheels_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"could not vendor .* Target\(python='3\.12', platform='no_such_platform'"):
        vendored(Target(platform="no_such_platform", newer_platform="no_such_platform"), ENRICHMENT)


def test_a_folder_is_beside_the_entry_under_its_last_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(build.build(ACCOUNT_SECURITY, tmp_path / "archive.zip").path) as opened:
        names = {name for name in opened.namelist() if name.startswith("rules/")}
        assert opened.read("rules/decisions.yml") == (PROJECT / "deploy" / "rules" / "decisions.yml").read_bytes()
    assert names == {f"rules/{file.name}" for file in (PROJECT / "deploy" / "rules").iterdir()}
    without = dataclasses.replace(ACCOUNT_SECURITY, folders=("tests/deploy/no_such_folder",))
    with pytest.raises(PackageError, match=r"no_such_folder/ is not at the root: the job would not start"):
        build.build(without, tmp_path / "without.zip")


def test_an_archive_that_breaks_a_rule_does_not_stay(tmp_path: Path) -> None:
    jar = dataclasses.replace(ENRICHMENT.jar, factories=("org.example.NoFactory",))
    broken = dataclasses.replace(ENRICHMENT, jar=jar)
    with pytest.raises(PackageError, match=r"does not name org\.example\.NoFactory"):
        build.build(broken, tmp_path / "application.zip", FLINK_2_2)
    assert list(tmp_path.iterdir()) == []


def test_the_lakes_archive_has_its_own_packages_and_parquet(tmp_path: Path) -> None:
    with zipfile.ZipFile(build.build(LAKE, tmp_path / "lake.zip").path) as opened:
        names = set(opened.namelist())
        assert b"from lake.main import main" in opened.read("main.py")
    assert {name.partition("/")[0] for name in names} == {"main.py", "lib", "dep", *LAKE.packages}
    assert [name for name in names if name.endswith(".jar")] == [LAKE.jar_path]
    assert "dep/cryptography/__init__.py" in names
    assert not [name for name in names if "pyarrow" in name or "duckdb" in name or "aiohttp" in name]


def test_the_behaviour_archive_has_its_own_packages(tmp_path: Path) -> None:
    with zipfile.ZipFile(build.build(BEHAVIOUR, tmp_path / "behaviour.zip").path) as opened:
        names = set(opened.namelist())
        assert b"from applications.behaviour.main import main" in opened.read("main.py")
    assert {name.partition("/")[0] for name in names} == {"main.py", "features.yaml", "lib", "dep", *BEHAVIOUR.packages}
    # The store of opt-outs, the time zones of sessions that end at midnight, and the file of features.
    assert {"dep/redis/__init__.py", "dep/tzdata/__init__.py", "dep/yaml/__init__.py"} <= names
    assert not [name for name in names if name.split("/")[1:2] in (["cryptography"], ["aiohttp"])]


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())
def test_an_archive_has_what_its_entry_imports(job: JobSpec, tmp_path: Path) -> None:
    """With this interpreter's own copies of what is vendored for the service's."""
    with zipfile.ZipFile(build.build(job, tmp_path / "archive.zip").path) as opened:
        opened.extractall(tmp_path / "archive")
    failure = import_failure(tmp_path / "archive", {*requirements(job), "apache-flink"}, [job.entry])
    assert failure is None, failure


def test_what_an_archive_lacks_is_noticed(tmp_path: Path) -> None:
    without_common = dataclasses.replace(BEHAVIOUR, packages=("contracts", "applications"))
    with zipfile.ZipFile(build.build(without_common, tmp_path / "archive.zip").path) as opened:
        opened.extractall(tmp_path / "archive")
    known = {*requirements(BEHAVIOUR), "apache-flink"}
    assert "No module named 'common'" in str(import_failure(tmp_path / "archive", known, [BEHAVIOUR.entry]))
    with zipfile.ZipFile(build.build(BEHAVIOUR, tmp_path / "archive.zip").path) as opened:
        opened.extractall(tmp_path / "archive")
    fewer = {each for each in known if not each.startswith("msgspec")}
    assert fewer < known
    assert "No module named 'msgspec'" in str(import_failure(tmp_path / "archive", fewer, [BEHAVIOUR.entry]))


def test_a_package_of_a_room_comes_without_its_neighbours(tmp_path: Path) -> None:
    for name in ("room/__init__.py", "room/first/__init__.py", "room/first/main.py", "room/second/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    job = dataclasses.replace(LAKE, packages=("room.first",))
    dependencies = tmp_path / "dependencies"
    found = archive.contents(
        job, entry=tmp_path / "main.py", jar=tmp_path / "a.jar", dependencies=dependencies, project=tmp_path
    )
    own = {"room/__init__.py", "room/first/__init__.py", "room/first/main.py"}
    assert found.keys() == {"main.py", LAKE.jar_path, *own, *(f"dep/{name}" for name in own)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_archive_of_features_has_their_file_and_not_what_the_runtime_brings(tmp_path: Path) -> None:
    with zipfile.ZipFile(build.build(FEATURES, tmp_path / "features.zip").path) as opened:
        names = set(opened.namelist())
        assert opened.read("features.yaml") == FEATURES_FILE.read_bytes()
    assert "dep/datasketches/__init__.py" in names
    assert not [name for name in names if "numpy" in name.partition("/")[2].partition("/")[0]]
