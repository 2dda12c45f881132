"""What the managed service requires of an archive. Each broken rule is one line for a person to read."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from deploy.build.archive import package_path
from deploy.build.target import PROVIDED, Target
from deploy.job_spec import DEPENDENCIES, ENTRY, JobSpec

MOST_BYTES = 512 * 1024 * 1024
"""The service's limit of an application archive."""

_SIGNATURE = re.compile(r"^META-INF/[^/]+\.(SF|DSA|RSA|EC)$")
_ABI = re.compile(r"\.(?P<abi>cp|cpython-)(?P<version>3\d+)[^/]*\.so$")
_FACTORIES = "META-INF/services/org.apache.flink.table.factories.Factory"


def faults(archive: Path, target: Target, job: JobSpec) -> tuple[str, ...]:
    """Every broken rule; empty when the archive may be deployed."""
    if archive.stat().st_size > MOST_BYTES:
        return (f"{archive.stat().st_size} bytes are more than the service takes ({MOST_BYTES})",)
    with zipfile.ZipFile(archive) as opened:
        names = frozenset(opened.namelist())
        return (
            *_entry_faults(names, job),
            *_package_faults(opened, names, job.packages),
            *_dependency_faults(names, target),
            *_jar_faults(opened, names, job),
        )


def _entry_faults(names: frozenset[str], job: JobSpec) -> Iterator[str]:
    if ENTRY not in names:
        yield f"{ENTRY} is not at the root"
    for name in (PurePosixPath(file).name for file in job.files):
        if name not in names:
            yield f"{name} is not at the root: the job would not start"
    for folder in (PurePosixPath(each).name for each in job.folders):
        if not any(name.startswith(f"{folder}/") for name in names):
            yield f"{folder}/ is not at the root: the job would not start"
    tops = {PurePosixPath(name).parts[0] for name in names}
    if len(tops) == 1 and ENTRY not in tops:
        yield f"everything is below {tops.pop()}/: it must be at the root"
    for name in sorted(names):
        if "__pycache__" in name or name.endswith(".pyc"):
            yield f"{name}: compiled files belong to one interpreter"


def _package_faults(opened: zipfile.ZipFile, names: frozenset[str], packages: Sequence[str]) -> Iterator[str]:
    for package in packages:
        folder = package_path(package)
        if f"{folder}/__init__.py" not in names:
            yield f"{folder}/ is not at the root"
        for name in sorted(names):
            if not name.startswith(f"{folder}/"):
                continue
            copy = f"{DEPENDENCIES}/{name}"
            if copy not in names:
                yield f"{copy} is missing: task managers could not import it"
            elif opened.getinfo(copy).CRC != opened.getinfo(name).CRC:
                yield f"{copy} differs from {name}"


def _dependency_faults(names: frozenset[str], target: Target) -> Iterator[str]:
    inside = [name.removeprefix(f"{DEPENDENCIES}/") for name in sorted(names) if name.startswith(f"{DEPENDENCIES}/")]
    if not any(name.endswith(".dist-info/METADATA") for name in inside):
        yield f"{DEPENDENCIES}/ has no vendored wheel"
    for name in inside:
        top = PurePosixPath(name).parts[0]
        distribution = top.partition("-")[0].replace("_", "-").lower()
        if top.endswith(".dist-info") and distribution in PROVIDED and name.endswith("/METADATA"):
            yield f"{DEPENDENCIES}/{top}: the runtime brings {distribution} itself"
        if name.endswith(".whl"):
            yield f"{DEPENDENCIES}/{name}: a wheel must be unpacked to be imported"
        found = _ABI.search(name)
        if found and found["version"] != target.abi.removeprefix("cp"):
            yield f"{DEPENDENCIES}/{name} is for Python {found['version']}, not {target.python}"


def _jar_faults(opened: zipfile.ZipFile, names: frozenset[str], job: JobSpec) -> Iterator[str]:
    jars = sorted(name for name in names if name.endswith(".jar"))
    if len(jars) != 1 or PurePosixPath(jars[0]).parent != PurePosixPath("lib"):
        yield f"lib/ must have exactly one jar, and nothing else may have any: found {jars}"
        return
    with opened.open(jars[0]) as file, zipfile.ZipFile(file) as jar:
        inside = frozenset(jar.namelist())
        for name, what in job.jar.classes.items():
            if name not in inside:
                yield f"{jars[0]} lacks {what} ({name})"
        if any(name.startswith("org/apache/flink/kafka/shaded/") for name in inside):
            yield f"{jars[0]} has the SQL fat jar's relocated Kafka client, which cannot load the IAM login"
        for name in sorted(inside):
            if _SIGNATURE.match(name):
                yield f"{jars[0]} has the signature {name}: Java would refuse the merged jar"
        named = jar.read(_FACTORIES).decode() if _FACTORIES in inside else ""
        for factory in job.jar.factories:
            if factory not in named:
                yield f"{jars[0]}: the service file of table factories does not name {factory}"
