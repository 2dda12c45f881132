"""Records are delayed until they are due, and not longer."""

import signal
import threading
import time
from itertools import count, islice

import pytest

from common.cli.shutdown import Stop, stop_on_signals, until
from producers.delivery.pacing import by_log_time, by_rate, paced
from producers.record import Record


def at(timestamp_ms: int) -> Record:
    return Record(b"", timestamp_ms)


def test_a_rate_counts_from_the_start() -> None:
    due = by_rate(4)
    assert [due(at(0)) for _ in range(5)] == [0, 0.25, 0.5, 0.75, 1.0]


def test_log_time_is_scaled_from_the_first_record() -> None:
    due = by_log_time(60)
    assert [due(at(ms)) for ms in (120_000, 180_000, 60_000, 240_000)] == [0, 1, -1, 2]


def test_a_rate_is_kept_smoothly() -> None:
    records = map(at, range(400))
    taken = []
    start = time.perf_counter()
    for number, _ in enumerate(paced(records, by_rate(1_000), Stop())):
        taken.append(time.perf_counter() - start)
        assert taken[-1] >= number / 1_000 - 0.001
    # Never early, and not all at once; how late depends on the machine.
    assert len({round(each, 3) for each in taken}) > 10


def test_a_delay_is_made_up_for() -> None:
    start = time.perf_counter()
    for number, _ in enumerate(paced(map(at, range(400)), by_rate(1_000), Stop())):
        if number == 0:
            time.sleep(0.4)
    # If the delay were not made up for, it would take 0.8 s.
    assert 0.399 <= time.perf_counter() - start < 0.7


def test_a_stop_request_ends_a_long_wait() -> None:
    stop = Stop()
    timer = threading.Timer(0.1, lambda: setattr(stop, "requested", True))
    timer.start()
    start = time.perf_counter()
    assert len(list(paced(map(at, (0, 3_600_000)), by_log_time(1), stop))) == 1
    assert time.perf_counter() - start < 5
    timer.join()


def test_a_signal_ends_the_stream_and_the_next_signal_has_its_usual_effect() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell start without the handler
    taken = 0
    with stop_on_signals() as stop:
        for _ in until(map(at, islice(count(), 1000)), stop):
            taken += 1
            if taken == 10:
                signal.raise_signal(signal.SIGINT)
        assert taken == 10
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_signal_handlers_are_restored() -> None:
    usual = signal.getsignal(signal.SIGTERM)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not usual
    assert signal.getsignal(signal.SIGTERM) is usual
