"""How much memory this process may have, and giving back what it no longer needs."""

import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path

SHARE = 8
"""One part in so many is for the bodies of requests."""
MOST_FOR_BODIES = 128 * 1024 * 1024
"""However much memory there is: more is no help."""
_CGROUPS = Path("/sys/fs/cgroup")
_LARGE = 1024 * 1024
_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


def for_bodies(*, limit: int, workers: int, max_body_bytes: int) -> int:
    """Bytes of bodies that one of the processes may hold at once; two of the largest always fit."""
    return max(2 * max_body_bytes, min(MOST_FOR_BODIES, limit // SHARE // workers))


def limit_bytes(cgroups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """The least of the machine's memory, this process's limits and those of its control groups (versions 1 and 2)."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_of_cgroups(cgroups, own)]
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(kind)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft)
    return min(limits)


def give_back_large_blocks() -> None:
    """Blocks as large as a body are returned to the system when they are freed.

    By itself glibc stops that after the first one, and keeps up to a body's size for each in its heap.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return  # another C library, which keeps nothing


def _of_cgroups(cgroups: Path, own: Path) -> Iterator[int]:
    for path, name in _files(cgroups, own):
        for folder in (path, *path.parents):
            if cgroups in (folder, *folder.parents):
                text = _read(folder / name).strip()
                if text.isdigit():  # else there is no limit, or no such file
                    yield int(text)


def _files(cgroups: Path, own: Path) -> Iterator[tuple[Path, str]]:
    """Folder of this process's group and the name of the file of its limit. In a container it may be the root."""
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
