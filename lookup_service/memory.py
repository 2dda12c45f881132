"""The memory limit of this process, and returning freed memory to the operating system."""

import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path

BODY_DIVISOR = 8
"""One eighth of the memory is for request bodies."""
MAX_BODY_MEMORY_BYTES = 128 * 1024 * 1024
"""Upper limit on a machine with much memory, where an eighth would be more than the service needs."""
_CGROUPS = Path("/sys/fs/cgroup")
_LARGE = 1024 * 1024
_M_MMAP_THRESHOLD = -3
"""From glibc's malloc.h."""


def body_memory_bytes(*, limit: int, workers: int, max_body_bytes: int) -> int:
    """Bytes of request bodies that one process may hold at once: at least two bodies of the largest allowed size."""
    return max(2 * max_body_bytes, min(MAX_BODY_MEMORY_BYTES, limit // BODY_DIVISOR // workers))


def limit_bytes(cgroups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """The smallest of the machine's memory, this process's limits and its control groups' limits (versions 1 and 2)."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_of_cgroups(cgroups, own)]
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(kind)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft)
    return min(limits)


def return_large_blocks() -> None:
    """Makes malloc return blocks as large as a body to the operating system when they are freed.

    By default glibc raises its threshold after the first such block and then keeps freed bodies in its heap.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return  # another C library, which has no such threshold


def _of_cgroups(cgroups: Path, own: Path) -> Iterator[int]:
    for path, name in _files(cgroups, own):
        for folder in (path, *path.parents):
            if cgroups in (folder, *folder.parents):
                text = _read(folder / name).strip()
                if text.isdigit():  # otherwise there is no limit or no such file
                    yield int(text)


def _files(cgroups: Path, own: Path) -> Iterator[tuple[Path, str]]:
    """Folder of this process's control group and the name of its limit file. In a container it may be the root."""
    yield cgroups, "memory.max"
    yield cgroups / "memory", "memory.limit_in_bytes"
    for line in _read(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield cgroups / path.lstrip("/"), "memory.max"
        elif "memory" in controllers.split(","):
            yield cgroups / "memory" / path.lstrip("/"), "memory.limit_in_bytes"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
