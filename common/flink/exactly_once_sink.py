"""The sink: writes every output record to its topic, keyed, in one exactly-once transaction per checkpoint.

There is one Kafka sink for all topics, so that an event's records become visible together
(docs/decisions/0002-one-keyed-sink.md).
"""

from collections.abc import Sequence

from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway

from common.flink.property_groups import ExactlyOnceSinkConfig, KafkaConfig

_FORMER_WRITER = "16efa0d84cc6c51e728aed31882e6d2e"
_FORMER_COMMITTER = "6e65db0c2e1905a47787fea93c6c1564"
"""The operator ids that Flink generated for version 1.0.0. They stay, so that its savepoints can be restored."""
_MOST_BYTES = 4 * 1024 * 1024
"""Of one request. A raw record has 64 KiB at most, and an enriched one of it may be several times as long."""
_BATCH_BYTES = 128 * 1024
"""Of one partition's batch. Kafka's default of 16 KiB would send a request for every dozen of events."""


def write_exactly_once(
    batches: DataStream, topics: Sequence[str], kafka: KafkaConfig, config: ExactlyOnceSinkConfig
) -> None:
    """Write the records of all batches.

    :param batches: as :func:`common.flink.record_batches.make_batch` makes them.
    :param topics: every topic that a record may name. Pooled transactions need the list: after a failure the sink looks
        for open transactions on these topics.
    """
    jvm = get_gateway().jvm
    connector, job = jvm.org.apache.flink.connector, jvm.clickstream.job
    # Java's builder, because PyFlink's has none of the last three settings.
    builder = (
        connector.kafka.sink.KafkaSink.builder()
        .setBootstrapServers(kafka.bootstrap_servers)
        .setDeliveryGuarantee(connector.base.DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(config.transactional_id_prefix)
        .setTransactionNamingStrategy(connector.kafka.sink.TransactionNamingStrategy.POOLING)
        .setRecordSerializer(job.PackedRecord(_strings(topics)))
    )
    for name, value in _producer_properties(kafka, config).items():
        builder.setProperty(name, value)
    hashes = (
        jvm.org.apache.flink.streaming.api.datastream.CustomSinkOperatorUidHashes.builder()
        .setWriterUidHash(_FORMER_WRITER)
        .setCommitterUidHash(_FORMER_COMMITTER)
        .build()
    )
    records = batches._j_data_stream.flatMap(job.SplitBatch()).name("records").uid("records")
    records.sinkTo(builder.build(), hashes).name("output topics").uid("sink")


def _producer_properties(kafka: KafkaConfig, config: ExactlyOnceSinkConfig) -> dict[str, str]:
    return {
        "transaction.timeout.ms": str(config.transaction_timeout_ms),
        "linger.ms": str(config.linger_ms),
        "compression.type": config.compression_type,
        "max.request.size": str(_MOST_BYTES),
        "batch.size": str(_BATCH_BYTES),
        **kafka.client_properties(),
    }


def _strings(texts: Sequence[str]) -> object:
    """As an array of Java."""
    gateway = get_gateway()
    array = gateway.new_array(gateway.jvm.java.lang.String, len(texts))
    for number, text in enumerate(texts):
        array[number] = text
    return array
