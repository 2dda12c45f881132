"""JSON log lines on standard output. No line shows a value of a request, at any level.

Of this project's own messages every word is known, and uvicorn's say what the server does. What other libraries write
may hold a key, an address or a statement with its parameters: of theirs there are warnings and errors only, and of
those the template without what is filled in.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

from common.telemetry.logs import add_trace_ids

OURS = ("lookup_service", "core", "common", "contracts")
SERVER = "uvicorn.error"
"""Its name for all that is not its access log."""
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
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    logging.getLogger(SERVER).setLevel(max(logging.INFO, logging.getLevelName(level.upper())))
    logging.captureWarnings(True)
    _catch_uncaught()


def place_of_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Type and code lines of an exception, without its message: that may hold an address or an id."""
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
    """A library's message as its code has it; one that was put together before it came here is withheld.

    A library may have levels and handlers of its own, so that the loggers' levels alone keep nothing back.
    """
    is_ours = isinstance(record.msg, dict) or record.name.partition(".")[0] in OURS  # structlog's are dicts
    if is_ours or record.name == SERVER:
        return True
    if record.levelno < logging.WARNING:
        return False
    has_template = isinstance(record.msg, str) and bool(record.args)
    record.msg = f"{record.msg if has_template else WITHHELD} ({record.module}:{record.lineno})"
    record.args = None
    record.stack_info = None
    return True


def _catch_uncaught() -> None:
    """Python writes these to standard error, with the exception's message."""
    log = structlog.get_logger(__name__)

    def of_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught", exc_info=(kind, error, trace))

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            log.error("uncaught_in_thread", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        log.error("unraisable", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook = of_main
    threading.excepthook = of_thread
    sys.unraisablehook = unraisable
