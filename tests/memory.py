"""How much memory a function keeps."""

import gc
import tracemalloc
from collections.abc import Callable, Iterable


def kept(function: Callable[[str], object], texts: Iterable[str]) -> int:
    """Bytes that are still there after calls with the texts, which must be made on the way."""
    gc.collect()
    tracemalloc.start()
    try:
        for text in texts:
            function(text)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
