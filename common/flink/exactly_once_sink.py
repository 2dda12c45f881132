"""The sink: writes every output record to its topic, keyed, in one exactly-once transaction per checkpoint.

There is one Kafka sink for all topics, so that an event's records become visible together. It is the connector's table
sink, because only that one both takes topic and key from the record and knows the list of its topics, which pooled
transactions need (docs/decisions/0002-one-keyed-sink.md).
"""

from collections.abc import Sequence

from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, Schema, StreamTableEnvironment, TableDescriptor
from pyflink.table.expressions import col, to_timestamp_ltz

from common.flink.property_groups import ExactlyOnceSinkConfig, KafkaConfig

_FORMER_WRITER = "16efa0d84cc6c51e728aed31882e6d2e"
_FORMER_COMMITTER = "6e65db0c2e1905a47787fea93c6c1564"
"""The operator ids that Flink generated for version 1.0.0. They stay, so that its savepoints can be restored."""


def write_exactly_once(
    env: StreamExecutionEnvironment,
    records: DataStream,
    topics: Sequence[str],
    kafka: KafkaConfig,
    config: ExactlyOnceSinkConfig,
    *,
    with_headers: bool,
) -> None:
    """Attaches the sink to a stream of :func:`common.flink.side_outputs.record_type` records."""
    tables = StreamTableEnvironment.create(env)
    schema = (
        Schema.new_builder()
        .column_by_metadata("topic", DataTypes.STRING())
        .column("key", DataTypes.BYTES())
        .column("value", DataTypes.BYTES())
        .column_by_metadata("timestamp", DataTypes.TIMESTAMP_LTZ(3))
    )
    columns = [col("topic"), col("key"), col("value"), to_timestamp_ltz(col("ts"), 3)]
    if with_headers:
        schema = schema.column_by_metadata("headers", DataTypes.MAP(DataTypes.STRING(), DataTypes.BYTES()))
        columns.append(col("headers"))
    descriptor = (
        TableDescriptor.for_connector("kafka")
        .schema(schema.build())
        .option("topic", ";".join(topics))
        .option("properties.bootstrap.servers", kafka.bootstrap_servers)
        .option("key.format", "raw")
        .option("key.fields", "key")
        .option("value.format", "raw")
        .option("value.fields-include", "EXCEPT_KEY")
        .option("sink.delivery-guarantee", "exactly-once")
        .option("sink.transactional-id-prefix", config.transactional_id_prefix)
        .option("sink.transaction-naming-strategy", "POOLING")
        .option("properties.transaction.timeout.ms", str(config.transaction_timeout_ms))
        .option("properties.linger.ms", str(config.linger_ms))
        .option("properties.compression.type", config.compression_type)
        .option("properties.max.request.size", str(4 * 1024 * 1024))
    )
    for name, value in kafka.client_properties().items():
        descriptor = descriptor.option(f"properties.{name}", value)
    tables.create_temporary_table("output_topics", descriptor.build())
    table = tables.from_data_stream(records).select(*columns)
    statements = tables.create_statement_set()
    statements.add_insert("output_topics", table)
    statements.attach_as_datastream()
    _name_operators(env)


def _name_operators(env: StreamExecutionEnvironment) -> None:
    """Gives writer and committer the ids under which savepoints have their state.

    The planner names neither of them. Flink would then derive their ids from the shape of the graph in front of them,
    so that one more side output would make every older savepoint unusable.
    """
    jvm = get_gateway().jvm
    transformations = env._j_stream_execution_environment.getTransformations()
    (number,) = [n for n, each in enumerate(transformations) if each.getClass().getSimpleName() == "SinkTransformation"]
    planned = transformations[number]
    hashes = jvm.org.apache.flink.streaming.api.datastream.CustomSinkOperatorUidHashes.builder()
    named = jvm.org.apache.flink.streaming.api.transformations.SinkTransformation(
        planned.getInputStream(),
        planned.getSink(),
        planned.getOutputType(),
        planned.getName(),
        planned.getParallelism(),
        planned.isParallelismConfigured(),
        hashes.setWriterUidHash(_FORMER_WRITER).setCommitterUidHash(_FORMER_COMMITTER).build(),
    )
    named.setUid("sink")
    transformations[number] = named
