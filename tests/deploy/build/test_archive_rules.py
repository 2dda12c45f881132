"""The layout check refuses what the managed service would refuse, each with its reason."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.build.archive_rules import faults
from deploy.build.target import FLINK_2_2, Target
from deploy.jars import SERVICE
from deploy.job_spec import DEPENDENCIES, ENTRY
from deploy.jobs import ENRICHMENT, LAKE

POLICY = "purposes.yaml"
JAR, PACKAGES, RUN_OPTIONS = ENRICHMENT.jar_path, ENRICHMENT.packages, ENRICHMENT.run_options

FACTORIES = "META-INF/services/org.apache.flink.table.factories.Factory"
JAR_FILES = {
    **dict.fromkeys(SERVICE.classes, ""),
    FACTORIES: "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory\n",
}


def _jar(files: Mapping[str, str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as jar:
        for name, text in files.items():
            jar.writestr(name, text)
    return memory.getvalue()


def _good() -> dict[str, bytes]:
    files = {
        ENTRY: b"",
        POLICY: b"",
        JAR: _jar(JAR_FILES),
        f"{DEPENDENCIES}/aiohttp-3.0.dist-info/METADATA": b"",
        f"{DEPENDENCIES}/aiohttp/_http.cpython-312-x86_64-linux-gnu.so": b"",
    }
    for package in PACKAGES:
        files[f"{package}/__init__.py"] = files[f"{DEPENDENCIES}/{package}/__init__.py"] = b"x = 1\n"
    return files


def _faults(folder: Path, files: Mapping[str, bytes], target: Target = FLINK_2_2) -> tuple[str, ...]:
    path = folder / "application.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return faults(path, target, ENRICHMENT)


def test_a_good_archive_has_no_fault(tmp_path: Path) -> None:
    assert _faults(tmp_path, _good()) == ()


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        (ENTRY, "main.py is not at the root"),
        (POLICY, "purposes.yaml is not at the root"),
        (JAR, "exactly one jar"),
        ("enrichment_job/__init__.py", "enrichment_job/ is not at the root"),
        ("dep/contracts/__init__.py", "task managers could not import it"),
        ("dep/aiohttp-3.0.dist-info/METADATA", "no vendored wheel"),
    ],
)
def test_something_is_missing(tmp_path: Path, removed: str, said: str) -> None:
    files = _good()
    del files[removed]
    found = _faults(tmp_path, files)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lib/second.jar", "exactly one jar"),
        ("dep/pyflink/lib/flink.jar", "exactly one jar"),
        ("dep/apache_flink-2.2.1.dist-info/METADATA", "the runtime brings apache-flink itself"),
        ("dep/aiohttp-3.0-py3-none-any.whl", "must be unpacked"),
        ("dep/yarl/_q.cpython-311-x86_64-linux-gnu.so", "is for Python 311, not 3.12"),
        ("contracts/__pycache__/topics.cpython-312.pyc", "belong to one interpreter"),
    ],
)
def test_something_is_too_much(tmp_path: Path, name: str, said: str) -> None:
    found = _faults(tmp_path, _good() | {name: b""})
    assert found
    assert said in found[0]


def test_a_copy_that_differs(tmp_path: Path) -> None:
    (found,) = _faults(tmp_path, _good() | {"dep/contracts/__init__.py": b"x = 2\n"})
    assert found == "dep/contracts/__init__.py differs from contracts/__init__.py"


def test_everything_below_one_folder(tmp_path: Path) -> None:
    found = _faults(tmp_path, {f"project/{name}": content for name, content in _good().items()})
    assert "everything is below project/: it must be at the root" in found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"META-INF/VENDOR.SF": ""}, "has the signature"),
        ({"org/apache/flink/kafka/shaded/org/apache/kafka/X.class": ""}, "relocated Kafka client"),
        (
            {FACTORIES: "org.apache.flink.table.Other\n"},
            "does not name org.apache.flink.streaming.connectors.kafka",
        ),
    ],
)
def test_a_jar_that_would_not_work(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    (found,) = _faults(tmp_path, _good() | {JAR: _jar(JAR_FILES | changed)})
    assert said in found


@pytest.mark.parametrize("lacking", [name for name in JAR_FILES if name.endswith(".class")])
def test_a_jar_that_lacks_a_part(tmp_path: Path, lacking: str) -> None:
    (found,) = _faults(tmp_path, _good() | {JAR: _jar({n: t for n, t in JAR_FILES.items() if n != lacking})})
    assert f"({lacking})" in found


def test_wheels_of_another_python_are_told_by_the_target(tmp_path: Path) -> None:
    (found,) = _faults(tmp_path, _good(), Target(python="3.13"))
    assert "is for Python 312, not 3.13" in found


def test_the_lake_needs_parquet_in_its_jar(tmp_path: Path) -> None:
    path = tmp_path / "application.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(LAKE.jar_path, _jar(JAR_FILES))
    said = "\n".join(faults(path, FLINK_2_2, LAKE))
    assert "lacks Flink's Parquet format" in said
    assert "lacks what Parquet needs of Hadoop" in said
    assert "does not name org.apache.flink.formats.parquet.ParquetFileFormatFactory" in said


def test_the_run_options_name_what_is_in_the_archive() -> None:
    assert {"python": ENTRY, "jarfile": JAR, "pyFiles": f"{DEPENDENCIES}/"} == RUN_OPTIONS
