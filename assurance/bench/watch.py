"""Watches topics in a process of its own, so that neither the measuring process's work nor its interpreter lock is
measured as latency.
"""

import contextlib
import gc
import multiprocessing
import signal
import time
from array import array
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from assurance.bench.latency_windows import Seen
from common.kafka.topic_reader import Isolation, Offsets, TopicReader, TopicUnavailable, end_offsets

_POLL_S = 0.05
_ENDED_S = 10.0


class Watch:
    """Records what becomes visible in the topics from ``with`` to :meth:`stop`.

    :raises TopicUnavailable: if a topic cannot be read.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str], isolation: Isolation) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        start = end_offsets(bootstrap, topics)
        self._process = context.Process(
            target=_watch, args=(theirs, bootstrap, list(topics), isolation, start), daemon=True
        )
        self._process.start()
        theirs.close()
        self._receive()

    def stop(self) -> Seen:
        """Ends the process and returns what it saw."""
        self._pipe.send_bytes(b"stop")
        received, sent = array("q"), array("q")
        received.frombytes(self._receive())
        sent.frombytes(self._receive())
        return Seen(received, sent)

    def _receive(self) -> bytes:
        try:
            return self._pipe.recv_bytes()
        except EOFError:
            raise TopicUnavailable("the process that watches the topics has ended") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()  # ends the process if it still runs
        self._process.join(_ENDED_S)
        self._process.kill()
        self._process.join()


def _watch(pipe: Connection, bootstrap: str, topics: list[str], isolation: Isolation, start: Offsets) -> None:
    # Ctrl-C reaches every process of a terminal. This one ends when its pipe does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing here makes reference cycles, and a pause would be measured as latency
    received, sent = array("q"), array("q")
    with TopicReader(bootstrap, topics, isolation=isolation, start=start) as reader:
        pipe.send_bytes(b"ready")
        while not pipe.poll():
            messages = reader.batch(_POLL_S)
            now = time.time_ns()
            for message in messages:
                received.append(now)
                sent.append(message.timestamp()[1])
    with contextlib.suppress(EOFError, BrokenPipeError):
        pipe.recv_bytes()
        pipe.send_bytes(received.tobytes())
        pipe.send_bytes(sent.tobytes())
