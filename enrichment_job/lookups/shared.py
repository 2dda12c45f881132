"""One engine per process and configuration: the hot and the cold path of a task manager share cache and requests.

In thread mode all functions of a task manager run in one interpreter, so this registry is how they meet; in
process mode each Python worker has its own and simply asks for itself.
"""

import threading

from enrichment_job.config import LookupConfig
from enrichment_job.lookups.engine import LookupEngine

_lock = threading.Lock()
_engines: dict[LookupConfig, tuple[LookupEngine, int]] = {}


def acquire(config: LookupConfig) -> LookupEngine:
    """The engine for this configuration, started if need be. Every call wants one :func:`release`."""
    with _lock:
        engine, users = _engines.get(config) or (LookupEngine(config), 0)
        _engines[config] = (engine, users + 1)
        return engine


def release(engine: LookupEngine) -> None:
    """Give it back; the last one stops the engine."""
    with _lock:
        _, users = _engines[engine.config]
        if users > 1:
            _engines[engine.config] = (engine, users - 1)
            return
        del _engines[engine.config]
    engine.close()
