"""The score log: one line of JSON for each scored row, written by a thread so that no request waits for the disk.

Rows for which the queue has no room, and those that cannot be written, are counted and lost.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from contracts.lookup_api.scores import ScoreRow, Status
from lookup_service.score_metrics import ScoreMetrics
from lookup_service.scoring.rotated_file import RotatedFile

MOST_ROWS: Final = 20_000
"""That wait to be written; of a model with 20 inputs they take about 20 MB."""
CLOSING_S: Final = 5.0
_BATCH_BYTES: Final = 256 * 1024
_ENTITIES: Final = ("browser", "session", "user", "listing", "seller", "account")
_encode = msgspec.json.Encoder().encode
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRows:
    """Of one request."""

    tstamp: int
    request_id: str
    model: str
    version: str
    features_version: str | None
    status: Status
    names: Sequence[str]
    """Of the inputs."""
    inputs: Sequence[Sequence[float]]
    scores: Sequence[float]
    fallbacks: Sequence[Sequence[str]]
    asked: Sequence[ScoreRow]
    """With the ids, which are written only where the settings say so."""


class ScoreLog:
    def __init__(
        self,
        path: Path,
        metrics: ScoreMetrics,
        *,
        most_bytes: int,
        files: int,
        has_ids: bool,
        most_rows: int = MOST_ROWS,
    ) -> None:
        """Starts the thread. Raises OSError if the file cannot be written.

        :param most_bytes: a larger file is renamed to ``path.1``, that one to ``path.2``, and so on.
        :param files: how many of those are kept.
        """
        self._file = RotatedFile(path, most_bytes, files)
        self._metrics = metrics
        self._has_ids = has_ids
        self._most_rows = most_rows
        self._batch_bytes = min(_BATCH_BYTES, most_bytes // 4)
        self._waiting = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[ScoredRows | None] = queue.SimpleQueue()
        self._is_failing = False
        self._thread = threading.Thread(target=self._write_all, name="score-log", daemon=True)
        self._thread.start()

    def put(self, rows: ScoredRows) -> None:
        """Never waits for the disk."""
        count = len(rows.scores)
        with self._lock:
            has_room = self._waiting + count <= self._most_rows
            self._waiting += count if has_room else 0
        if has_room:
            self._queue.put(rows)
        else:
            self._metrics.record_logged("dropped", count)

    def close(self) -> None:
        """Writes what waits, for :data:`CLOSING_S` seconds at most."""
        self._queue.put(None)
        self._thread.join(CLOSING_S)

    def _write_all(self) -> None:
        is_open = True
        while is_open:
            count, lines, is_open = self._next_batch()
            try:
                self._file.append(lines)
                self._metrics.record_logged("written", count)
                self._is_failing = False
            except Exception as error:  # a full disk, for example; the thread goes on
                self._metrics.record_logged("dropped", count)
                if not self._is_failing:
                    log.error("score_log_not_written", error_type=type(error).__name__)
                self._is_failing = True
            with self._lock:
                self._waiting -= count
        self._file.close()

    def _next_batch(self) -> tuple[int, bytes, bool]:
        """Rows, their lines, and whether more may come. Waits for the first request only."""
        batch = bytearray()
        count = 0
        rows = self._queue.get()
        while rows is not None:
            count += len(rows.scores)
            batch += b"".join(_lines(rows, self._has_ids))
            if len(batch) >= self._batch_bytes:
                break
            try:
                rows = self._queue.get_nowait()
            except queue.Empty:
                break
        return count, bytes(batch), rows is not None


def _lines(rows: ScoredRows, has_ids: bool) -> Iterator[bytes]:
    for number, (numbers, score, fallbacks, asked) in enumerate(
        zip(rows.inputs, rows.scores, rows.fallbacks, rows.asked, strict=True)
    ):
        line: dict[str, object] = {
            "tstamp": rows.tstamp,
            "request_id": rows.request_id,
            "row": number,
            "model": rows.model,
            "version": rows.version,
            "features_version": rows.features_version,
            "status": rows.status,
            "score": score,
            "inputs": dict(zip(rows.names, numbers, strict=True)),
            "fallbacks": fallbacks,
        }
        if has_ids:
            ids = {name: getattr(asked, name) for name in _ENTITIES}
            line["ids"] = {name: entity_id for name, entity_id in ids.items() if entity_id is not None}
        yield _encode(line) + b"\n"
