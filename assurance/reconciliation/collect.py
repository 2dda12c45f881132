"""Collects what consumers of the output topics see, and when.

A process of its own, so that neither the caller's work nor its interpreter lock is measured as latency.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from assurance.reconciliation.collector_process import CollectorJob, Reply
from assurance.reconciliation.observed_records import read_receipts, read_samples
from assurance.reconciliation.quiescence import Quiescence
from assurance.reconciliation.records import ObservedRecord
from common.kafka.topic_reader import Isolation, Offsets, TopicUnavailable
from contracts.topics import ANALYTICS

_POLL_S = 0.1


class TopicCollector:
    """Collects ``topics`` into ``file`` from entry (returns when it is reading) to exit.

    Raises :class:`common.kafka.topic_reader.TopicUnavailable` where broker or topics cannot be read. Read
    ``receipts`` and ``samples`` after ``stop``. The file is for its owner's eyes: keys are user ids.
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
            # The purpose without direct identifiers: samples are shown.
            sampled=[topic for topic in self.topics if topic == ANALYTICS.name],
            start=[(topic, partition, offset) for (topic, partition), offset in (start or {}).items()],
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._exit_code: int | None = None

    def start(self) -> None:
        job = msgspec.json.encode(self._job).decode()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assurance.reconciliation.collector_process", job],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self._hear(self._process)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def counts(self) -> dict[str, int]:
        """Records received so far, per topic; after ``stop``, what was last heard."""
        if self._process is not None:
            self._ask(self._process)
        return dict(zip(self.topics, self._counts, strict=True))

    def wait_settled(self, raw: int, enriched: Sequence[str], *, idle_s: float) -> dict[str, int]:
        """Waits for ``raw`` outcomes in each of the ``enriched`` topics, at most until nothing came for ``idle_s``."""
        settling = Quiescence(raw, enriched, idle_s=idle_s, now=time.monotonic())
        while not settling.settled(counts := self.counts(), time.monotonic()):
            time.sleep(_POLL_S)
        return counts

    def stop(self) -> None:
        """Ends the process and completes the file; may be called again."""
        process, self._process = self._process, None
        if process is None:
            return
        with process:
            try:
                process.communicate(timeout=10)
            finally:
                process.kill()
        self._exit_code = process.returncode

    def receipts(self) -> list[ObservedRecord]:
        """Everything it saw, in order; raises where it did not end well, for the file is then not all."""
        self._check_ended()
        return list(read_receipts(self.file))

    def samples(self) -> list[str]:
        """The first enriched values, as text: personal data inside, mask before showing."""
        self._check_ended()
        return read_samples(self.file)

    def _check_ended(self) -> None:
        if self._exit_code != 0:
            raise TopicUnavailable(f"the collector did not end well, exit code {self._exit_code}")

    def _ask(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; what it said last tells why
        self._hear(process)

    def _hear(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise TopicUnavailable(f"the collector ended by itself, exit code {process.wait()}")
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
