"""Memory of another process, as Linux counts it."""

import re
from pathlib import Path


def resident_bytes(pid: int) -> int:
    return _field(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Most that was resident since the start, or since :func:`reset_peak`."""
    return _field(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _field(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
