"""The jars of the local stack, fetched and built by Maven when a pom, or the job's own Java, has changed."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import structlog

from common.cli.log_tail import tail
from deploy.build.errors import BuildError, MissingToolError
from deploy.build.lock import exclusive
from deploy.paths import (
    CONNECTOR_JAR,
    JARS,
    JAVA_SOURCES,
    KAFKA_JARS,
    LAKE_JAR,
    LAKE_SERVICE_JAR,
    POMS,
    S3_JARS,
    SERVICE_JAR,
    SERVICE_POM,
)

_TIMEOUT_S = 900
_log = structlog.get_logger(__name__)


def require_tool(name: str, hint: str) -> str:
    """Full path of a program. Raises MissingToolError with ``hint``."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"{name} is not on PATH: {hint}")
    return found


def ensure_kafka_jars() -> Path:
    """The directory of the broker's jars."""
    with exclusive(JARS / "kafka.lock"):
        _build("kafka", KAFKA_JARS)
    return KAFKA_JARS


def ensure_connector_jar() -> Path:
    """The one jar with Flink's Kafka connector and the job's own Java."""
    with exclusive(JARS / "connector.lock"):
        _build("connector", CONNECTOR_JAR, sources=JAVA_SOURCES)
    return CONNECTOR_JAR


def ensure_service_jar() -> Path:
    """The one jar of the application archive: the same and MSK's IAM login."""
    with exclusive(JARS / "service.lock"):
        _build("service", SERVICE_JAR, SERVICE_POM, sources=JAVA_SOURCES)
    return SERVICE_JAR


def ensure_lake_service_jar() -> Path:
    """The same for the lake's archive: with Parquet, 100 MB."""
    with exclusive(JARS / "lake-service.lock"):
        _build("lake-service", LAKE_SERVICE_JAR, SERVICE_POM, profile="lake", sources=JAVA_SOURCES)
    return LAKE_SERVICE_JAR


def ensure_lake_jar() -> Path:
    """Flink's Parquet format and what it needs. 60 MB, so only who writes a lake fetches it."""
    with exclusive(JARS / "lake.lock"):
        _build("lake", LAKE_JAR)
    return LAKE_JAR


def ensure_s3_jars() -> Path:
    """A directory with Flink's S3 file system in ``flink`` and an S3 server in ``server``."""
    with exclusive(JARS / "s3.lock"):
        _build("s3", S3_JARS)
    return S3_JARS


def ensure_all() -> None:
    """Every jar that the stack needs; a second's work when nothing changed."""
    ensure_kafka_jars()
    ensure_connector_jar()


def _build(
    name: str, product: Path, pom: Path | None = None, *, profile: str | None = None, sources: Path | None = None
) -> None:
    pom = pom or POMS / name / "pom.xml"
    digest = _digest(pom, sources)
    stamp = JARS / f"{name}.sha256"
    if product.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    require_tool("java", "install a JDK 17, for example the Debian package openjdk-17-jdk-headless")
    maven = require_tool("mvn", "install Maven, for example the Debian package maven")
    _log.info("fetching jars with Maven", pom=name)
    stamp.unlink(missing_ok=True)
    if product.is_dir():
        # Jars of other versions would stay on the class path beside the new ones.
        shutil.rmtree(product)
    log_path = JARS / f"{name}.log"
    with log_path.open("wb") as log:
        outcome = subprocess.run(
            [maven, "-q", "-B", "-f", str(pom), *(["-P", profile] if profile else []), "package"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if outcome.returncode != 0 or not product.exists():
        raise BuildError(f"mvn could not build {pom.name} of {name} ({log_path}):\n{tail(log_path)}")
    stamp.write_text(digest)


def _digest(pom: Path, sources: Path | None) -> str:
    """Of everything that a jar is made from."""
    inputs = hashlib.sha256(pom.read_bytes())
    if sources is not None:
        for file in sorted(sources.rglob("*.java")):
            inputs.update(f"\0{file.relative_to(sources)}\0".encode() + file.read_bytes())
    return inputs.hexdigest()
