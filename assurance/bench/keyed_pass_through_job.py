"""The job around :class:`assurance.bench.keyed_pass_through.PassOn`, with the behaviour job's source, keys, sink and
settings: a baseline for that job.
"""

import os
from pathlib import Path

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment

from applications.behaviour.config import load
from assurance.bench.keyed_pass_through import PassOn
from common.flink.batching import batch_type
from common.flink.exactly_once_sink import write_exactly_once
from common.flink.keyed_source import committed_records, keyed_stream, running_clock, source_stream
from contracts.fixed_topics import BEHAVIOUR, enriched_name


def main() -> None:
    config = load(Path(os.environ["APPLICATION_PROPERTIES"]))
    job = config.job
    settings = Configuration().set_string("python.execution-mode", "thread")
    env = StreamExecutionEnvironment.get_execution_environment(settings)
    source = committed_records(config.kafka, (enriched_name(job.purpose),), job.group_id, job.start)
    clock = running_clock(job.out_of_orderness_ms, job.quiet_ms, config.sessions.lateness_ms)
    passed = keyed_stream(source_stream(env, source, clock, "events", "source")).process(
        PassOn(), output_type=batch_type()
    )
    write_exactly_once(passed, [topic.name for topic in BEHAVIOUR], config.kafka, config.sink)
    env.execute("keyed pass-through")


if __name__ == "__main__":
    main()
