"""A source of topics that are keyed by whom their records concern, and its stream keyed in the same way in the JVM.

PyFlink's own ``key_by`` takes a Python function: a second stage in the interpreter, which more than doubles the cost of
an event. The partitions of Kafka are not Flink's groups of keys, so an exchange stays (3 µs an event).
"""

from collections.abc import Sequence

from pyflink.common import Types, WatermarkStrategy
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.kafka import KafkaSource
from pyflink.java_gateway import get_gateway

from common.flink.kafka_source import kafka_source
from common.flink.property_groups import KafkaConfig

_FLUSH_MS = 5
"""How long a network buffer that is not full waits on the way to the keys. Flink's 100 ms would be most of the latency
of a stream of a few thousand events a second; a fast one fills its buffers sooner."""


_COMMITTED = {"isolation.level": "read_committed", "fetch.min.bytes": "20000", "fetch.max.wait.ms": "10"}
"""A broker answers when it has a few records, or after 10 ms. Without a least size it answers for each batch of a
producer: at 2,000 events a second that took a fifteenth of a core of the broker and the job."""


def committed_records(kafka: KafkaConfig, topics: Sequence[str], group_id: str, start: str) -> KafkaSource:
    """Committed records as rows of key and value."""
    return kafka_source(kafka, topics, group_id, start, get_gateway().jvm.clickstream.job.KeyAndValue(), _COMMITTED)


def committed_values(kafka: KafkaConfig, topics: Sequence[str], group_id: str, start: str) -> KafkaSource:
    """The values of committed records; a missing one is empty."""
    return kafka_source(kafka, topics, group_id, start, get_gateway().jvm.clickstream.job.ValueOrEmpty(), _COMMITTED)


def uncommitted_values(kafka: KafkaConfig, topics: Sequence[str], group_id: str, start: str) -> KafkaSource:
    """The values of all records, also of those whose transaction is open or aborted; a missing one is empty.

    For a job that cannot wait for commits. It meets a record again that was aborted and is written anew.
    """
    properties = {"isolation.level": "read_uncommitted", "fetch.max.wait.ms": "5"}
    return kafka_source(kafka, topics, group_id, start, get_gateway().jvm.clickstream.job.ValueOrEmpty(), properties)


def running_clock(out_of_orderness_ms: int, quiet_ms: int, present_ms: int) -> WatermarkStrategy:
    """Event time of each partition, which runs on while it has no records; see ``clickstream.job.RunningClock``."""
    return _strategy(get_gateway().jvm.clickstream.job.RunningClock.of(out_of_orderness_ms, quiet_ms, present_ms))


def read_up_to(quiet_ms: int, tolerated_ms: int) -> WatermarkStrategy:
    """How far all partitions have been read, by the records' own time; see ``clickstream.job.ReadUpTo``. For values.

    :param quiet_ms: a partition without a record for so long is read up to the present.
    :param tolerated_ms: a record that is more than this ahead of the clock is counted.
    """
    job = get_gateway().jvm.clickstream.job
    strategy = _strategy(job.ReadUpTo.of(quiet_ms))
    return WatermarkStrategy(
        strategy._j_watermark_strategy.withTimestampAssigner(job.RecordTime.atMostNow(tolerated_ms))
    )


def no_time() -> WatermarkStrategy:
    """For a topic whose records tell no time: the other topics' time is that of the job."""
    return _strategy(get_gateway().jvm.clickstream.job.RunningClock.none())


def keyed_stream(*sources: DataStream) -> KeyedStream:
    """The values of the sources, keyed by their keys. The function gets the value alone."""
    rows, *others = sources
    together = rows.union(*others) if others else rows
    selector = get_gateway().jvm.KeyByKeySelector()
    keyed = together._j_data_stream.keyBy(selector, Types.ROW([Types.STRING()]).get_java_type_info())
    return KeyedStream(keyed, Types.PRIMITIVE_ARRAY(Types.BYTE()), together)


def keyed_row_type() -> TypeInformation:
    """Of the rows of key and value that a Python function makes for :func:`keyed_stream`."""
    return Types.ROW([Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())])


def source_stream(
    env: StreamExecutionEnvironment, source: KafkaSource, watermarks: WatermarkStrategy, name: str, uid: str
) -> DataStream:
    """The source's records; of :func:`committed_records`: rows of key and value, for :func:`keyed_stream`."""
    return env.from_source(source, watermarks, name).uid(uid).set_buffer_timeout(_FLUSH_MS)


def _strategy(generators: object) -> WatermarkStrategy:
    strategy = get_gateway().jvm.org.apache.flink.api.common.eventtime.WatermarkStrategy
    return WatermarkStrategy(strategy.forGenerator(generators))
