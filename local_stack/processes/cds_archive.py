"""Class data sharing: the second start of a JVM maps the classes that the first one loaded.

Half of a broker's or JobManager's start is loading and verifying classes. The first orderly exit of each kind of
JVM writes them to an archive, and every later start maps it; measured on 2 cores, this takes Kafka from 3.2 to 1.8 s.
"""

import hashlib
import signal
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.paths import CLASS_ARCHIVES
from local_stack.processes.java import java_executable

_QUIET = "-Xlog:cds=off,cds+dynamic=off"
_KEPT = 3


@dataclass(frozen=True)
class ClassArchive:
    """One JVM's part in it: it maps the finished archive ``path``, or writes ``recording`` at its end, or neither."""

    role: str
    path: Path
    recording: Path | None

    def options(self) -> tuple[str, ...]:
        """Options of the JVM; one that records takes some seconds more to end."""
        if self.recording is not None:
            self.recording.parent.mkdir(parents=True, exist_ok=True)
            return (f"-XX:ArchiveClassesAtExit={self.recording}", _QUIET)
        return (f"-XX:SharedArchiveFile={self.path}", _QUIET) if self.path.exists() else ()

    def settle(self, exit_code: int | None, *, example: bool) -> None:
        """Call after the JVM's end: offers what it recorded to later starts.

        Not when it was killed, for a half-written archive would crash them; nor when its run was no ``example``,
        having loaded few of the classes that count.
        """
        if self.recording is None or not self.recording.exists():
            return
        if not example or exit_code in {None, -signal.SIGKILL}:
            self.recording.unlink()
            return
        self.recording.replace(self.path)
        # Several are kept, for other virtual environments may use this checkout in turn.
        known = sorted(CLASS_ARCHIVES.glob(f"{self.role}-*.jsa"), key=lambda path: path.stat().st_mtime)
        for old in known[:-_KEPT]:
            old.unlink(missing_ok=True)


def class_archive(role: str, jars: Sequence[Path], *, may_record: bool = True) -> ClassArchive:
    """The archive of ``role``, keyed by the JVM and its jars, so that one of others is never even offered."""
    identity = hashlib.sha256()
    for file in (Path(java_executable()).resolve(), *jars):
        facts = file.stat()
        identity.update(f"{file}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    path = CLASS_ARCHIVES / f"{role}-{identity.hexdigest()[:16]}.jsa"
    record = may_record and not path.exists()
    return ClassArchive(
        role=role, path=path, recording=path.with_suffix(f".{uuid.uuid4().hex}.unfinished") if record else None
    )
