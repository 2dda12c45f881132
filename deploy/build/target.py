"""What an archive is made for, and what goes into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ENTRY = "main.py"
POLICY = "purposes.yaml"
"""Found there by the property ``job: purposes.path``."""
DEPENDENCIES = "dep"
"""The folder that reaches task managers, as the run option ``pyFiles``."""

PROVIDED = ("apache-flink", "apache-flink-libraries", "apache-beam", "pemja", "py4j", "numpy", "pandas", "pyarrow")
"""Distributions of the runtime itself: a second copy in ``dep/`` would come before them."""

_KAFKA = {
    "org/apache/flink/connector/kafka/sink/KafkaSink.class": "Flink's Kafka connector",
    "org/apache/kafka/clients/producer/KafkaProducer.class": "Kafka's client under its own name",
    "software/amazon/msk/auth/iam/IAMClientCallbackHandler.class": "the IAM login of MSK",
}
_JOBS_JAVA = {
    "clickstream/job/RecordTime.class": "the clock of the job's source",
    "clickstream/job/ValueOrEmpty.class": "what the job's source reads records with",
}
_KAFKA_FACTORY = "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One application: each has an archive of its own."""

    name: str
    package: str
    """Its module ``main`` has the function ``main``."""
    packages: tuple[str, ...]
    """The project's packages that the job imports. Another package is one entry here."""
    extras: tuple[str, ...] = ()
    """The extras of ``pyproject.toml`` that are vendored, beside what the project always needs."""
    files: tuple[str, ...] = ()
    """Paths in the project; put beside the entry, for the job would not start without them."""
    in_jar: Mapping[str, str] = field(default_factory=lambda: _KAFKA)
    """Classes that its jar must have, and what each is for."""
    factories: tuple[str, ...] = (_KAFKA_FACTORY,)
    """Table factories that its jar must name."""

    @property
    def jar(self) -> str:
        return f"lib/{self.name}.jar"

    @property
    def run_options(self) -> dict[str, str]:
        """The managed service's property group ``kinesis.analytics.flink.run.options`` for the archive."""
        return {"python": ENTRY, "jarfile": self.jar, "pyFiles": f"{DEPENDENCIES}/"}


ENRICHMENT = Job(
    name="clickstream-enrichment",
    package="enrichment_job",
    packages=("contracts", "common", "core", "enrichment_job"),
    extras=("job-runtime",),
    files=(f"contracts/purposes/{POLICY}",),
    in_jar=_KAFKA | _JOBS_JAVA,
)
LAKE = Job(
    name="clickstream-lake",
    package="lake",
    packages=("contracts", "common", "lake"),
    extras=("lake-runtime",),
    in_jar=_KAFKA
    | {
        "org/apache/flink/formats/parquet/ParquetFileFormatFactory.class": "Flink's Parquet format",
        "org/apache/parquet/hadoop/ParquetWriter.class": "Parquet's writer",
        "org/apache/hadoop/conf/Configuration.class": "what Parquet needs of Hadoop",
    },
    factories=(_KAFKA_FACTORY, "org.apache.flink.formats.parquet.ParquetFileFormatFactory"),
)
JOBS = {"enrichment": ENRICHMENT, "lake": LAKE}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The interpreter that will import the vendored wheels."""

    python: str = "3.12"
    platform: str = "manylinux2014_x86_64"

    @property
    def abi(self) -> str:
        """As in a wheel's file name, ``cp312``."""
        return "cp" + self.python.replace(".", "")


FLINK_2_2 = Target()
"""The managed service's runtime FLINK-2_2."""
