"""From a checkout to a checked archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.package import archive, layout
from deploy.package.dependencies import vendored
from deploy.package.errors import PackageError
from deploy.package.target import ENRICHMENT, ENTRY, FLINK_2_2, LAKE, Job, Target
from local_stack.artifacts import ensure_lake_service_jar, ensure_service_jar
from local_stack.paths import BUILD

OUTPUT = BUILD / "package"
_ENTRY = Path(__file__).with_name("main.py")


@dataclass(frozen=True)
class Built:
    path: Path
    files: int
    bytes: int


def build(output: Path | None = None, target: Target = FLINK_2_2, job: Job = ENRICHMENT) -> Built:
    """Make the job's archive and hold it against the service's rules.

    :raises PackageError: naming every broken rule; the archive is then removed. StackError: Maven failed.
    """
    output = output or OUTPUT / f"{job.name}.zip"
    jar = ensure_lake_service_jar() if job is LAKE else ensure_service_jar()
    with tempfile.TemporaryDirectory() as scratch:
        entry = Path(scratch) / ENTRY
        entry.write_text(_ENTRY.read_text().replace(ENRICHMENT.package, job.package))
        files = archive.contents(job, entry=entry, jar=jar, dependencies=vendored(target, job))
        archive.write(output, files)
    if broken := layout.faults(output, target, job):
        output.unlink()
        raise PackageError("\n".join(broken))
    return Built(output, len(files), output.stat().st_size)
