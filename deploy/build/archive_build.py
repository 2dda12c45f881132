"""From a checkout to a checked archive."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.build import archive, archive_rules
from deploy.build.dependencies import vendored
from deploy.build.errors import PackageError
from deploy.build.jars import ensure
from deploy.build.target import FLINK_2_2, Target
from deploy.job_spec import ENTRY, JobSpec
from deploy.paths import BUILD

OUTPUT = BUILD / "package"
_TEMPLATE = Path(__file__).with_name("archive_main.py")
_TEMPLATES_ENTRY = "enrichment_job.main"
"""What the template imports, so that it is a valid program; the job's own entry takes its place."""


@dataclass(frozen=True)
class Built:
    path: Path
    files: int
    bytes: int


def build(job: JobSpec, output: Path | None = None, target: Target = FLINK_2_2) -> Built:
    """Build the job's archive and check it against the service's rules.

    :raises PackageError: naming every broken rule; the archive is then removed. BuildError: Maven failed.
    """
    output = output or OUTPUT / f"{job.title}.zip"
    jar = ensure(job.jar)
    with tempfile.TemporaryDirectory() as scratch:
        entry = Path(scratch) / ENTRY
        entry.write_text(_TEMPLATE.read_text().replace(_TEMPLATES_ENTRY, job.entry))
        files = archive.contents(job, entry=entry, jar=jar, dependencies=vendored(target, job))
        archive.write(output, files)
    if broken := archive_rules.faults(output, target, job):
        output.unlink()
        raise PackageError("\n".join(broken))
    return Built(output, len(files), output.stat().st_size)
