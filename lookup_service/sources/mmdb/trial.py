"""Reads a database where it can do no harm, before the C reader of ``maxminddb`` reads it in this process.

The C reader (found in 3.2.0) takes a map's key for a text without looking at its type, so a damaged database can end
the process that reads it. The pure Python reader cannot do that, and is ten times as slow: it reads small databases.
A large one is read by the C reader in a process of its own, ``python -m lookup_service.sources.mmdb.trial FILE``.
"""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import maxminddb

from lookup_service.sources.mmdb.probe import sample_records

TIMEOUT_S = 120.0
"""The trial of the largest city database takes about three seconds on one core."""
MAX_NODES_IN_PROCESS = 20_000
"""At about 25 µs a node, half a second."""
Fault = Literal["not a readable", "a damaged"]


def fault_of(path: Path) -> Fault | None:
    """What is wrong with the database; None where everything that validation reads can be read."""
    try:
        reader = maxminddb.open_database(path, maxminddb.MODE_MMAP)
        nodes = reader.metadata().node_count
    except Exception:
        return "not a readable"
    with reader:
        is_readable = _read(reader) if nodes <= MAX_NODES_IN_PROCESS else _read_elsewhere(path)
    return None if is_readable else "a damaged"


def _read(reader: maxminddb.Reader) -> bool:
    try:
        return all(_has_text_keys(record) for record in sample_records(reader))
    except Exception:
        return False


def _has_text_keys(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_text_keys(member) for key, member in value.items())
    return not isinstance(value, list) or all(map(_has_text_keys, value))


def _read_elsewhere(path: Path) -> bool:
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main(path: str) -> None:
    """Ends by an exception or a signal where a record cannot be read."""
    with maxminddb.open_database(path) as reader:
        for _ in sample_records(reader):
            pass


if __name__ == "__main__":
    main(sys.argv[1])
