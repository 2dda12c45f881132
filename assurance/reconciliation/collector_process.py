"""The collector's own process: takes records, stamps them, notes their identity in the receipts file.

Spoken to over its standard input and output: it says one line when it is ready, answers each line with the
counts so far, and ends when its input ends, so it cannot outlive whoever started it.
"""

import gc
import os
import signal
import sys
import time
from pathlib import Path
from threading import Event, Thread

import msgspec

from assurance.reconciliation.observed_records import ObservedRecordWriter
from common.kafka.topic_reader import Isolation, TopicReader, TopicUnavailable


class CollectorJob(msgspec.Struct, frozen=True):
    """What to collect: the process's one argument, as JSON."""

    bootstrap: str
    topics: list[str]
    isolation: Isolation
    file: str
    sampled: list[str] = []
    start: list[tuple[str, int, int]] = []
    """Topic, partition, first offset; other partitions from the beginning."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    counts: list[int] = []
    error: str | None = None


def _say(reply: Reply) -> None:
    os.write(1, msgspec.json.encode(reply) + b"\n")


def _answer(writer: ObservedRecordWriter, stop: Event) -> None:
    # os.read, not sys.stdin: a thread that holds sys.stdin's lock would spoil the interpreter's end
    while asked := os.read(0, 4096):
        for _ in range(asked.count(b"\n")):
            _say(Reply(counts=writer.counts))
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
        Thread(target=_answer, args=(writer, stop), daemon=True).start()
        _say(Reply(counts=writer.counts))
        while not stop.is_set():
            messages = reader.batch(0.1)
            receipt_ns = time.time_ns()
            if messages:
                writer.note(messages, receipt_ns)


def main() -> int:
    # Ctrl-C reaches every process of a terminal; this one ends when its starter says so
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nothing here makes cycles, and a collection pause would show as latency
    gc.disable()
    try:
        _collect(msgspec.json.decode(sys.argv[1], type=CollectorJob))
    except TopicUnavailable as error:
        _say(Reply(error=str(error)))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
