"""A private copy of a file, which can be mapped into memory safely even if the original changes.

If a mapped file is truncated or overwritten in place, the next read ends the process with SIGBUS.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = 1 << 20


@contextmanager
def private_copy(path: Path) -> Iterator[Path]:
    """A copy in the folder for temporary files. It is unlinked on exit; a reader that has opened it keeps its content.

    Raises OSError.
    """
    with tempfile.NamedTemporaryFile(prefix="lookup-") as copy:
        with path.open("rb") as original:
            shutil.copyfileobj(original, copy, _CHUNK)
        copy.flush()
        yield Path(copy.name)
