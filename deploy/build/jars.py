"""Builds the jars of :mod:`deploy.jars` with Maven, where a pom or the project's own Java has changed.

``python -m deploy.build.jars`` builds the jars of all archives: in an image this is the layer that changes least.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

import structlog

from common.cli.log_tail import tail
from deploy.build.errors import BuildError, MissingToolError
from deploy.build.lock import exclusive
from deploy.jars import ARCHIVE_JARS, Jar

_TIMEOUT_S = 900
_log = structlog.get_logger(__name__)


def require_tool(name: str, hint: str) -> str:
    """Full path of a program. Raises MissingToolError with ``hint``."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is not on PATH: {hint}")
    return found


def ensure(jar: Jar) -> Path:
    """The product of this build; a second's work when nothing changed. Processes that ask at the same time wait.

    :raises BuildError: Maven failed; the message ends with the end of its log. MissingToolError: no Maven or no Java.
    """
    with exclusive(_beside(jar, "lock")):
        if not _is_current(jar):
            _build(jar)
    return jar.product


def _is_current(jar: Jar) -> bool:
    stamp = _beside(jar, "sha256")
    return jar.product.exists() and stamp.exists() and stamp.read_text() == _digest(jar)


def _build(jar: Jar) -> None:
    require_tool("java", "install a JDK 17, for example the Debian package openjdk-17-jdk-headless")
    maven = require_tool("mvn", "install Maven, for example the Debian package maven")
    _log.info("fetching jars with Maven", pom=jar.name)
    digest = _digest(jar)
    _beside(jar, "sha256").unlink(missing_ok=True)
    if jar.product.is_dir():
        # Jars of other versions would stay on the class path beside the new ones.
        shutil.rmtree(jar.product)
    log_path = _beside(jar, "log")
    with log_path.open("wb") as log:
        outcome = subprocess.run(
            [maven, "-q", "-B", "-f", str(jar.pom), *(["-P", jar.profile] if jar.profile else []), "package"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if outcome.returncode != 0 or not jar.product.exists():
        raise BuildError(f"mvn could not build {jar.pom.name} of {jar.name} ({log_path}):\n{tail(log_path)}")
    _beside(jar, "sha256").write_text(digest)


def _digest(jar: Jar) -> str:
    """Of everything that the product is made from."""
    inputs = hashlib.sha256(jar.pom.read_bytes())
    if jar.sources is not None:
        for file in sorted(jar.sources.rglob("*.java")):
            inputs.update(f"\0{file.relative_to(jar.sources)}\0".encode() + file.read_bytes())
    return inputs.hexdigest()


def _beside(jar: Jar, what: str) -> Path:
    return jar.product.with_name(f"{jar.name}.{what}")


if __name__ == "__main__":
    for each in ARCHIVE_JARS:
        ensure(each)
