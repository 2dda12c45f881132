"""A file of this process's own: whatever becomes of the original, it can be mapped into memory safely.

A mapped file that somebody overwrites or shortens in place ends the process with SIGBUS at the next read.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = 1 << 20


@contextmanager
def private_copy(path: Path) -> Iterator[Path]:
    """A copy in the folder for temporary files, whose name is gone afterwards: what has opened it keeps it.

    Raises OSError.
    """
    with tempfile.NamedTemporaryFile(prefix="lookup-") as copy:
        with path.open("rb") as original:
            shutil.copyfileobj(original, copy, _CHUNK)
        copy.flush()
        yield Path(copy.name)
