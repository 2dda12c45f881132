"""From a checkout to a checked archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.build import archive, archive_rules
from deploy.build.dependencies import vendored
from deploy.build.errors import PackageError
from deploy.build.jars import ensure_lake_service_jar, ensure_service_jar
from deploy.build.target import ENRICHMENT, ENTRY, FLINK_2_2, LAKE, Job, Target
from deploy.paths import BUILD

OUTPUT = BUILD / "package"
_ENTRY = Path(__file__).with_name("archive_main.py")


@dataclass(frozen=True)
class Built:
    path: Path
    files: int
    bytes: int


def build(output: Path | None = None, target: Target = FLINK_2_2, job: Job = ENRICHMENT) -> Built:
    """Make the job's archive and hold it against the service's rules.

    :raises PackageError: naming every broken rule; the archive is then removed. BuildError: Maven failed.
    """
    output = output or OUTPUT / f"{job.name}.zip"
    jar = ensure_lake_service_jar() if job is LAKE else ensure_service_jar()
    with tempfile.TemporaryDirectory() as scratch:
        entry = Path(scratch) / ENTRY
        entry.write_text(_ENTRY.read_text().replace(ENRICHMENT.package, job.package))
        files = archive.contents(job, entry=entry, jar=jar, dependencies=vendored(target, job))
        archive.write(output, files)
    if broken := archive_rules.faults(output, target, job):
        output.unlink()
        raise PackageError("\n".join(broken))
    return Built(output, len(files), output.stat().st_size)
