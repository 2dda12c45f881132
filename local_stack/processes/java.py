"""Which JVM is used, and options for one that runs for minutes on few cores."""

import os
import re
from pathlib import Path

from deploy.build.errors import MissingToolError
from deploy.build.jars import require_tool

_HINT = "install a JDK 17, for example the Debian package openjdk-17-jdk-headless"
OLDEST_JAVA = 17
START_FAST = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""The second compiler, C2, would cost half a core for the first 20 s; see ``FlinkOptions.full_jit``."""


def java_executable() -> str:
    """``$JAVA_HOME/bin/java``, else the one on PATH. Raises MissingToolError if there is none, or it is too old."""
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else None
    found = str(java) if java is not None and java.exists() else require_tool("java", _HINT)
    version = _major_version(Path(found).resolve())
    if version is not None and version < OLDEST_JAVA:
        raise MissingToolError(f"{found} is Java {version}, the broker needs {OLDEST_JAVA}: {_HINT}, or set JAVA_HOME")
    return found


def _major_version(java: Path) -> int | None:
    # From a file that every JDK has: to ask the JVM, one would have to start it.
    release = java.parent.parent / "release"
    if not release.exists():
        return None
    version = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE)
    return int(version.group(1)) if version else None


def class_path(directory: Path) -> tuple[Path, ...]:
    """All jars of a directory in a fixed order, because the order is part of a CDS archive's identity."""
    return tuple(sorted(directory.glob("*.jar")))
