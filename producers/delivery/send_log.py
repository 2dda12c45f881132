"""Logs when each record was sent, to measure latency from outside.

The file consists of appended 24-byte entries: the first half (16 bytes) of the payload's SHA-256, then
``time.time_ns()`` from right before the payload was passed to the Kafka client, as 8 bytes, unsigned, little-endian.
Writes are buffered: if the process is killed, the last block is missing and the last entry may be incomplete. The
reader ignores an incomplete entry, and opening the file for appending cuts it off.
"""

import hashlib
import os
import struct
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

DIGEST_BYTES = 16
_ENTRY = struct.Struct("<16sQ")
_BUFFER_BYTES = 256 * 1024


def payload_digest(value: bytes) -> bytes:
    """The key of a payload in the send log."""
    return hashlib.sha256(value).digest()[:DIGEST_BYTES]


class SendLog:
    """Appends to the file at ``path``. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=_BUFFER_BYTES)
        whole = self._file.tell() - self._file.tell() % _ENTRY.size
        os.ftruncate(self._file.fileno(), whole)

    def add(self, digest: bytes, sent_ns: int) -> None:
        """Adds an entry: the payload with this digest was sent at ``sent_ns``, nanoseconds since 1970 UTC."""
        self._file.write(_ENTRY.pack(digest, sent_ns))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def read_send_log(path: Path) -> dict[bytes, list[int]]:
    """Payload digest to the times (ns since 1970 UTC) at which it was sent; several if it was sent repeatedly."""
    content = path.read_bytes()
    sent: defaultdict[bytes, list[int]] = defaultdict(list)
    for digest, sent_ns in _ENTRY.iter_unpack(content[: len(content) - len(content) % _ENTRY.size]):
        sent[digest].append(sent_ns)
    return dict(sent)
