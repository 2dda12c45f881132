"""Keeps threads that Python started away from Java's log.

In thread mode pemja passes every record of the root logger, including debug records, to a Java object, in the thread
that logged it. Only threads that Java started may call into Java: those of lookups, suppression and tracing must not.
"""

import logging

_BRIDGE = "pemja.logger"


class _FromJava(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """True for threads that Python did not start: it names them ``Dummy-…``."""
        return record.threadName is None or record.threadName.startswith(("Dummy-", "MainThread"))


def keep_own_threads_out() -> None:
    """Filters the records of Python's own threads. No-op if the job does not run inside a JVM."""
    for handler in logging.getLogger().handlers:
        if type(handler).__module__ == _BRIDGE and not any(isinstance(each, _FromJava) for each in handler.filters):
            handler.addFilter(_FromJava())


def errors_to_stderr(name: str) -> None:
    """Writes errors of that logger to file descriptor 2, because ``sys.stderr`` is also redirected to Java."""
    logger = logging.getLogger(name)
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = logging.StreamHandler(open(2, "w", closefd=False))  # noqa: SIM115  # the handler keeps it open
        handler.setLevel(logging.ERROR)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        logger.addHandler(handler)
