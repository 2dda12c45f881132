"""The window in simulated time: no machine is too slow for these."""

import pytest

from enrichment_job.lookups.concurrency_window import FEWEST, ConcurrencyWindow
from tests.enrichment_job.lookups.simulated_service import Service, Simulation


@pytest.mark.slow
@pytest.mark.parametrize("load", [1.5, 3, 10])
@pytest.mark.parametrize("capacity", [400, 2_000])
def test_under_overload_answers_stay_useful(capacity: float, load: float) -> None:
    simulation = Simulation(Service(capacity))
    simulation.run(capacity, 1)
    simulation.run(load * capacity, 2)  # it finds out
    assert simulation.run(load * capacity, 3) > 0.9 * capacity
    simulation.run(capacity / 2, 1)  # it recovers
    assert simulation.run(capacity / 2, 0.5) > 0.98 * capacity / 2


def test_a_sudden_overload_is_met_at_once() -> None:
    simulation = Simulation(Service(2_000))
    simulation.run(2_000, 1)
    assert simulation.run(6_000, 1) > 0.85 * 2_000


@pytest.mark.parametrize("latency_s", [0.1, 0.3])
def test_a_service_that_is_slow_by_itself_is_asked_as_much(latency_s: float) -> None:
    simulation = Simulation(Service(1_000_000, latency_s))
    simulation.run(1_000, 3)
    assert simulation.run(1_000, 2) > 0.95 * 1_000


def test_a_service_that_becomes_slow_by_itself_too() -> None:
    simulation = Simulation(Service(1_000_000, 0.005))
    simulation.run(1_000, 1)
    simulation.service.latency_s = 0.3
    simulation.run(1_000, 3)
    assert simulation.run(1_000, 2) > 0.95 * 1_000


def test_failures_shrink_it_once_a_round_trip_and_never_to_nothing() -> None:
    window = ConcurrencyWindow(100, 1_000, 0.5)
    before = window.keys
    window.failed(sent_at=1.0, now=1.5)
    once = window.keys
    assert once < before
    window.failed(sent_at=1.0, now=1.6)
    assert window.keys == once, "they were under way together"
    for n in range(2, 40):
        window.failed(sent_at=n, now=n + 0.5)
    assert window.keys == FEWEST


def test_it_grows_no_further_than_its_use() -> None:
    window = ConcurrencyWindow(100, 1_000, 0.5)
    for n in range(100):
        window.answered(10, 10, n, n + 0.01)
    assert window.keys == 100
