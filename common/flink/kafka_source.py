"""A Kafka source as every job with Python has it: how it logs in, where it begins, what it tells the broker."""

from collections.abc import Mapping, Sequence

from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflink.java_gateway import get_gateway

from common.flink.property_groups import KafkaConfig


def kafka_source(  # noqa: PLR0917  # each is one thing that a source needs
    kafka: KafkaConfig,
    topics: Sequence[str],
    group_id: str,
    start: str,
    deserializer: object,
    properties: Mapping[str, str],
) -> KafkaSource:
    """From the checkpoint if there is one, else from the group's committed offsets, else from ``start``.

    :param start: ``earliest`` or ``latest``.
    :param deserializer: Java's, which sees the whole record.
    :param properties: of the consumer, beside those that every source has.
    """
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(kafka.bootstrap_servers)
        .set_topics(*topics)
        .set_group_id(group_id)
        .set_starting_offsets(_committed_or(start))
        .set_property("partition.discovery.interval.ms", "60000")
        .set_property("commit.offsets.on.checkpoint", "true")
    )
    for name, value in {**properties, **kafka.client_properties()}.items():
        builder.set_property(name, value)
    # PyFlink's builder has no setter for schemas that see the record. Those that it has drop a record without a value.
    builder._j_builder.setDeserializer(deserializer)
    return builder.build()


def _committed_or(start: str) -> KafkaOffsetsInitializer:
    # PyFlink's own wrapper names the reset strategy by its place in the SQL fat jar, which must not be used.
    jvm = get_gateway().jvm
    strategy = jvm.org.apache.kafka.clients.consumer.OffsetResetStrategy.valueOf(start.upper())
    initializers = jvm.org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer
    return KafkaOffsetsInitializer(initializers.committedOffsets(strategy))
