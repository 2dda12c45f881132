"""From a checkout to a checked archive."""

from dataclasses import dataclass
from pathlib import Path

from deploy.package import archive, layout
from deploy.package.dependencies import vendored
from deploy.package.errors import PackageError
from deploy.package.target import FLINK_2_2, Target
from local_stack.artifacts import ensure_service_jar
from local_stack.paths import BUILD

OUTPUT = BUILD / "package" / "clickstream-enrichment.zip"
_ENTRY = Path(__file__).with_name("main.py")


@dataclass(frozen=True)
class Built:
    path: Path
    files: int
    bytes: int


def build(output: Path = OUTPUT, target: Target = FLINK_2_2) -> Built:
    """Make the archive and hold it against the service's rules.

    :raises PackageError: naming every broken rule; the archive is then removed. StackError: Maven failed.
    """
    files = archive.contents(entry=_ENTRY, jar=ensure_service_jar(), dependencies=vendored(target))
    archive.write(output, files)
    if broken := layout.faults(output, target):
        output.unlink()
        raise PackageError("\n".join(broken))
    return Built(output, len(files), output.stat().st_size)
