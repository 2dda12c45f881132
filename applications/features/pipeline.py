"""The pipeline: this function is the architecture diagram.

sessionized events ─▶ extract ──────────┐                ┌─▶ store (Redis), at once
                                        ├─▶ keyed by ──▶ keep ─▶ records of features, one exactly-once sink
enriched security events ─▶ extract ────┤   entity and id
                                        │
messages of the job behaviour ─▶ erase ─┘

Everything is read when it is committed, so each event comes once but for those that a producer sent twice: behaviour
marks them, and ``keep`` knows the ids of an account's events. A user, a listing, a seller and an account are keys of
their own, none of which is the visitor's: an event becomes a small message to each of them.
"""

from pyflink.datastream import DataStream, ProcessFunction, StreamExecutionEnvironment

from applications.features.config import Config
from applications.features.operators.extract import Extract, ReadErasures
from applications.features.operators.keep import Keep
from common.flink.batching import batch_type
from common.flink.exactly_once_sink import write_exactly_once
from common.flink.keyed_source import committed_values, keyed_row_type, keyed_stream, no_time, source_stream
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, FEATURES, SESSIONIZED, enriched_name

_FLUSH_MS = 5
"""How long a network buffer that is not full waits."""


def build(env: StreamExecutionEnvironment, config: Config, features: str) -> None:
    """Lay the whole job out on ``env``. Every operator has a uid, so that savepoints survive changes around it.

    :param features: the text of their file.
    """

    def read(topic: str, function: ProcessFunction, name: str) -> DataStream:
        source = committed_values(config.kafka, (topic,), config.job.group_id, config.job.start)
        values = source_stream(env, source, no_time(), f"{name} source", f"{name}-source")
        rows = values.process(function, output_type=keyed_row_type())
        return rows.name(name).uid(name).set_buffer_timeout(_FLUSH_MS)

    ahead_ms = config.job.ahead_ms
    behaviour = read(SESSIONIZED.name, Extract("behaviour", features, ahead_ms), "behaviour")
    security = read(enriched_name(config.job.purpose), Extract("security", features, ahead_ms), "security")
    erasures = read(BEHAVIOUR_MESSAGES.name, ReadErasures(), "erasures")
    entities = keyed_stream(behaviour, security, erasures)
    records = entities.process(Keep(config, features), output_type=batch_type()).name("keep").uid("keep")
    write_exactly_once(records, (FEATURES.name,), config.kafka, config.sink)
