"""Keeps Python's own threads away from Java's log.

In thread mode pemja hands every record of the root logger, debug ones too, to a Java object in the thread that logged
it. Only threads that came from Java may do that; those of lookups, suppression and traces must not.
"""

import logging

_BRIDGE = "pemja.logger"


class _FromJava(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Python calls a thread that it did not start a dummy."""
        return record.threadName is None or record.threadName.startswith(("Dummy-", "MainThread"))


def keep_own_threads_out() -> None:
    """Nothing where the job is not inside of a JVM."""
    for handler in logging.getLogger().handlers:
        if type(handler).__module__ == _BRIDGE and not any(isinstance(each, _FromJava) for each in handler.filters):
            handler.addFilter(_FromJava())


def errors_to_stderr(name: str) -> None:
    """Errors of that logger to the process's own standard error: ``sys.stderr`` is Java's, too."""
    logger = logging.getLogger(name)
    if not any(isinstance(handler, logging.StreamHandler) for handler in logger.handlers):
        handler = logging.StreamHandler(open(2, "w", closefd=False))  # noqa: SIM115  # it stays open
        handler.setLevel(logging.ERROR)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        logger.addHandler(handler)
