"""The table of jars that Maven makes: what each is made from, and what an archive's jar must contain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.paths import BUILD, PROJECT

JARS = BUILD / "jars"
_POMS = PROJECT / "deploy" / "build" / "maven"
_ARCHIVE_POM = _POMS / "pom.xml"
_JAVA = PROJECT / "common" / "flink" / "java" / "main"


@dataclass(frozen=True, kw_only=True)
class Jar:
    """One run of Maven."""

    name: str
    """Of its lock, log and digest beside the product."""
    product: Path
    """The jar, or a folder of jars; what the pom says."""
    pom: Path
    profile: str | None = None
    """The profile of the pom."""
    sources: Path | None = None
    """The folder of the project's own Java, where the pom compiles it."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """File in the jar → what it is for. An archive whose jar lacks one of them is refused."""
    factories: tuple[str, ...] = ()
    """Table factories that the jar's service file must name."""


_KAFKA_FACTORY = "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory"
_CONNECTOR_CLASSES = {
    "org/apache/flink/connector/kafka/sink/KafkaSink.class": "Flink's Kafka connector",
    "org/apache/kafka/clients/producer/KafkaProducer.class": "Kafka's client under its own name",
    "software/amazon/msk/auth/iam/IAMClientCallbackHandler.class": "the IAM login of MSK",
}

KAFKA = Jar(name="kafka", product=JARS / "kafka", pom=_POMS / "kafka" / "pom.xml")
"""The local broker: a folder of jars."""
CONNECTOR = Jar(name="connector", product=JARS / "connector.jar", pom=_POMS / "connector" / "pom.xml", sources=_JAVA)
"""For the local clusters' class path: Flink's Kafka connector and the project's own Java."""
PARQUET = Jar(name="lake", product=JARS / "lake.jar", pom=_POMS / "lake" / "pom.xml")
"""Flink's Parquet format and what it needs, beside the connector. 60 MB, so only a local lake job fetches it."""
S3 = Jar(name="s3", product=JARS / "s3", pom=_POMS / "s3" / "pom.xml")
"""A folder with Flink's S3 file system in ``flink`` and an S3 server in ``server``."""

SERVICE = Jar(
    name="service",
    product=JARS / "service.jar",
    pom=_ARCHIVE_POM,
    sources=_JAVA,
    classes=_CONNECTOR_CLASSES
    | {
        "clickstream/job/RecordTime.class": "the clock of the job's source",
        "clickstream/job/ValueOrEmpty.class": "what the job's source reads records with",
        "clickstream/job/BatchRecords.class": "the stage in front of the job's Python",
        "clickstream/job/SplitBatch.class": "the stage behind the job's Python",
        "clickstream/job/PackedRecord.class": "what the job's sink reads records with",
        "clickstream/job/KeyAndValue.class": "what a keyed source reads records with",
        "clickstream/job/RunningClock.class": "the clock of a keyed source",
        "clickstream/job/ReadUpTo.class": "the clock of a source whose partitions are put in order",
        "org/msgpack/core/MessageUnpacker.class": "the format of batches",
    },
    factories=(_KAFKA_FACTORY,),
)
"""For an archive: the connector, the project's own Java and MSK's IAM login."""
LAKE_SERVICE = Jar(
    name="lake-service",
    product=JARS / "lake-service.jar",
    pom=_ARCHIVE_POM,
    profile="lake",
    sources=_JAVA,
    classes=_CONNECTOR_CLASSES
    | {
        "org/apache/flink/formats/parquet/ParquetFileFormatFactory.class": "Flink's Parquet format",
        "org/apache/parquet/hadoop/ParquetWriter.class": "Parquet's writer",
        "org/apache/hadoop/conf/Configuration.class": "what Parquet needs of Hadoop",
    },
    factories=(_KAFKA_FACTORY, "org.apache.flink.formats.parquet.ParquetFileFormatFactory"),
)
"""For an archive that writes Parquet; 100 MB."""
ARCHIVE_JARS = (SERVICE, LAKE_SERVICE)
"""Every jar that some job's archive has."""
