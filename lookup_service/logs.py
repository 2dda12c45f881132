"""JSON log lines on standard output, for this package and for uvicorn alike."""

import logging
import sys
import traceback

import structlog
from structlog.typing import EventDict, WrappedLogger

from telemetry.logs import add_trace_ids


def configure(level: str) -> None:
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_trace_ids,
        place_of_exception,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def place_of_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Type and code lines of an exception, without its message: that may hold an address or an id."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    if isinstance(info, BaseException):
        kind, trace = type(info), info.__traceback__
    else:
        kind, _, trace = info if isinstance(info, tuple) else sys.exc_info()
    event["exception"] = kind.__name__ if kind else None
    event["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    return event
