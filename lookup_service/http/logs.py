"""JSON log lines on standard output. No line shows a value of a request, at any level.

This project's own messages and uvicorn's contain no request values. A message of another library may contain a key, an
address or an SQL statement with its parameters, so only its warnings and errors are logged, as the message template
without the arguments.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

from common.telemetry.logs import add_trace_ids

OWN_PACKAGES = ("lookup_service", "core", "common", "contracts")
SERVER_LOGGER = "uvicorn.error"
"""uvicorn's logger for everything except its access log."""
WITHHELD = "a library's message"


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
    handler.addFilter(_without_values)
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
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in OWN_PACKAGES:
        logging.getLogger(name).setLevel(level.upper())
    logging.getLogger(SERVER_LOGGER).setLevel(max(logging.INFO, logging.getLevelName(level.upper())))
    logging.captureWarnings(True)
    _log_uncaught()


def place_of_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Logs type and code lines of an exception without its message, which may contain an address or an id."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not info:
        return event
    if isinstance(info, BaseException):
        kind, trace = type(info), info.__traceback__
    else:
        kind, _, trace = info if isinstance(info, tuple) else sys.exc_info()
    event["exception"] = kind.__name__ if kind else None
    event["at"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    return event


def _without_values(record: logging.LogRecord) -> bool:
    """Replaces a library's message by its template; a message without arguments may be preformatted and is withheld.

    The check of the level is needed here too, because a library may set the levels of its own loggers.
    """
    is_own = isinstance(record.msg, dict) or record.name.partition(".")[0] in OWN_PACKAGES  # structlog's are dicts
    if is_own or record.name == SERVER_LOGGER:
        return True
    if record.levelno < logging.WARNING:
        return False
    has_template = isinstance(record.msg, str) and bool(record.args)
    record.msg = f"{record.msg if has_template else WITHHELD} ({record.module}:{record.lineno})"
    record.args = None
    record.stack_info = None
    return True


def _log_uncaught() -> None:
    """Logs uncaught exceptions as JSON; Python would print them with the exception's message."""
    log = structlog.get_logger(__name__)

    def in_main_thread(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            log.error("uncaught_in_thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        log.error("unraisable", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook = in_main_thread
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
