"""Which threads' log records reach Java."""

import _thread
import logging
import threading
from collections.abc import Iterator

import pytest

from common.log_bridge import keep_own_threads_out


class Bridge(logging.Handler):
    """Stands for pemja's handler, which is present if the interpreter runs inside a JVM."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


Bridge.__module__ = "pemja.logger"


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    handler = Bridge()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_a_thread_that_python_started_does_not_reach_java(bridge: Bridge) -> None:
    keep_own_threads_out()
    keep_own_threads_out()
    assert len(bridge.filters) == 1
    log = logging.getLogger("opentelemetry.exporter")
    own = threading.Thread(target=log.error, args=("own",))
    own.start()
    own.join()
    done = threading.Event()

    def foreign() -> None:
        log.error("foreign")
        done.set()

    _thread.start_new_thread(foreign, ())  # unknown to the threading module, like a thread of Java
    assert done.wait(5)
    log.error("main")
    assert bridge.seen == ["foreign", "main"]


def test_other_handlers_get_no_filter(caplog: pytest.LogCaptureFixture) -> None:
    keep_own_threads_out()
    assert all(not handler.filters for handler in logging.getLogger().handlers)
    caplog.clear()
