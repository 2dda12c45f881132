"""Collects what a consumer of the output topics sees, and when.

Runs in a process of its own, so that neither the caller's work nor its interpreter lock is measured as latency.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from assurance.reconciliation.collecting.collector_process import CollectorJob, Reply
from assurance.reconciliation.collecting.observed_records import read_observed_records, read_samples
from assurance.reconciliation.collecting.quiescence import Quiescence
from assurance.reconciliation.reading.records import ObservedRecord
from common.kafka.topic_reader import Isolation, Offsets, TopicUnavailable
from contracts.topics import ANALYTICS

_POLL_S = 0.1


class TopicCollector:
    """Collects ``topics`` into ``file`` from :meth:`start`, which returns once the process reads, to :meth:`stop`.

    A context manager does both. Read :meth:`observed_records` and :meth:`samples` after :meth:`stop`.
    The file contains user ids as keys, so only its owner can read it.

    :raises common.kafka.topic_reader.TopicUnavailable: if the broker or a topic cannot be read.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        isolation: Isolation,
        file: Path,
        start: Offsets | None = None,
    ) -> None:
        self.topics = list(topics)
        self.file = file
        self._counts = [0] * len(self.topics)
        self._job = CollectorJob(
            bootstrap=bootstrap,
            topics=self.topics,
            isolation=isolation,
            file=str(file),
            # Samples are shown, so they come from the purpose without direct identifiers.
            sampled=[topic for topic in self.topics if topic == ANALYTICS.name],
            start=[(topic, partition, offset) for (topic, partition), offset in (start or {}).items()],
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._exit_code: int | None = None

    def start(self) -> None:
        job = msgspec.json.encode(self._job).decode()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assurance.reconciliation.collecting.collector_process", job],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self._read_reply(self._process)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def counts(self) -> dict[str, int]:
        """Topic → records received so far; after :meth:`stop`, the last known counts."""
        if self._process is not None:
            self._request_counts(self._process)
        return dict(zip(self.topics, self._counts, strict=True))

    def wait_until_quiet(
        self,
        raw: int,
        enriched: Sequence[str],
        *,
        idle_s: float,
        on_progress: Callable[[Mapping[str, int]], None] = lambda _: None,
    ) -> None:
        """Returns when all ``raw`` records have an outcome, or nothing new came for ``idle_s``.

        :param enriched: topics that receive every event; see :func:`.quiescence.complete`.
        :param on_progress: called with the counts by topic after each poll.
        """
        quiescence = Quiescence(raw, enriched, idle_s=idle_s, now=time.monotonic())
        while not quiescence.reached(counts := self.counts(), time.monotonic()):
            on_progress(counts)
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Ends the process and completes the file. Further calls do nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        with process:
            try:
                process.communicate(timeout=10)
            finally:
                process.kill()
        self._exit_code = process.returncode

    def observed_records(self) -> list[ObservedRecord]:
        """All records, in the order of receipt.

        :raises TopicUnavailable: if the process failed, because the file is then incomplete.
        """
        self._check_ended()
        return list(read_observed_records(self.file))

    def samples(self) -> list[str]:
        """The first enriched values, as text. They contain personal data: mask them before showing them."""
        self._check_ended()
        return read_samples(self.file)

    def _check_ended(self) -> None:
        if self._exit_code != 0:
            raise TopicUnavailable(f"the collector failed, exit code {self._exit_code}")

    def _request_counts(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # The process has ended. Its last reply has the reason.
        self._read_reply(process)

    def _read_reply(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise TopicUnavailable(f"the collector ended unexpectedly, exit code {process.wait()}")
        reply = msgspec.json.decode(line, type=Reply)
        if reply.error is not None:
            raise TopicUnavailable(reply.error)
        self._counts = reply.counts

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
