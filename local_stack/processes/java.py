"""Which JVM is used, and the options of one that lives for minutes on few cores."""

import os
import re
from pathlib import Path

from deploy.build.errors import MissingToolError
from deploy.build.jars import require_tool

_HINT = "install a JDK 17, for example the Debian package openjdk-17-jdk-headless"
OLDEST_JAVA = 17
START_FAST = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""C2 costs half a core for the first 20 s, which two cores cannot spare; see ``FlinkOptions.full_jit``."""


def java_executable() -> str:
    """``$JAVA_HOME/bin/java``, else the one on PATH. Raises MissingToolError, also for one that is too old."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else None
    found = str(java) if java is not None and java.exists() else require_tool("java", _HINT)
    version = _major_version(Path(found).resolve())
    if version is not None and version < OLDEST_JAVA:
        raise MissingToolError(f"{found} is Java {version}, the broker needs {OLDEST_JAVA}: {_HINT}, or set JAVA_HOME")
    return found


def _major_version(java: Path) -> int | None:
    # From the file that every JDK carries: asking the JVM would cost a start of it.
    release = java.parent.parent / "release"
    if not release.exists():
        return None
    version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE)
    return int(version.group(1)) if version else None


def class_path(directory: Path) -> tuple[Path, ...]:
    """All jars of a directory in a fixed order: the order is part of a class archive's identity."""
    return tuple(sorted(directory.glob("*.jar")))
