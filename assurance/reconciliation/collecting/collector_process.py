"""The collector's own process: receives records and writes their identity and time of receipt to a file.

Protocol on standard input and output: the process writes one line when it is ready, and answers each line that it reads
with the counts so far. It ends when its input ends, so it cannot outlive its parent.
"""

import gc
import os
import signal
import sys
import time
from pathlib import Path
from threading import Event, Thread

import msgspec

from assurance.reconciliation.collecting.observed_records import ObservedRecordWriter
from common.kafka.topic_reader import Isolation, TopicReader, TopicUnavailable


class CollectorJob(msgspec.Struct, frozen=True):
    """What to collect. The JSON of this is the process's only argument."""

    bootstrap: str
    topics: list[str]
    isolation: Isolation
    file: str
    sampled: list[str] = []
    start: list[tuple[str, int, int]] = []
    """Topic, partition, first offset. Partitions that are not listed are read from the beginning."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    counts: list[int] = []
    error: str | None = None


def _write_reply(reply: Reply) -> None:
    os.write(1, msgspec.json.encode(reply) + b"\n")


def _answer_requests(writer: ObservedRecordWriter, stop: Event) -> None:
    # os.read, not sys.stdin: the interpreter cannot shut down cleanly while a thread holds sys.stdin's lock.
    while requests := os.read(0, 4096):
        for _ in range(requests.count(b"\n")):
            _write_reply(Reply(counts=writer.counts))
    stop.set()


def _collect(job: CollectorJob) -> None:
    start = {(topic, partition): offset for topic, partition, offset in job.start}
    path = Path(job.file)
    with (
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", 1 << 20) as file,
        TopicReader(job.bootstrap, job.topics, isolation=job.isolation, start=start) as reader,
    ):
        writer = ObservedRecordWriter(file, job.topics, job.sampled)
        stop = Event()
        Thread(target=_answer_requests, args=(writer, stop), daemon=True).start()
        _write_reply(Reply(counts=writer.counts))
        while not stop.is_set():
            messages = reader.batch(0.1)
            received_ns = time.time_ns()
            if messages:
                writer.write(messages, received_ns)


def main() -> int:
    # Ctrl-C reaches every process of a terminal. This one ends when its parent closes its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing here creates reference cycles, and a pause of the garbage collector would be measured as latency.
    gc.disable()
    try:
        _collect(msgspec.json.decode(sys.argv[1], type=CollectorJob))
    except TopicUnavailable as error:
        _write_reply(Reply(error=str(error)))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
