"""What a checkpoint costs, out of the cores that several intervals keep busy."""

import pytest

from assurance.bench.checkpoints import CheckpointLoad, cost_ms, costs_ms


def load(per_s: float, rate: float = 0.0, *, events: float = 0.0) -> CheckpointLoad:
    """10 ms in the task manager and 5 ms in the broker for each checkpoint, beside ``events`` cores for the events."""
    cores = {"task manager": events + per_s * 0.010, "broker": events + per_s * 0.005}
    return CheckpointLoad(interval_ms=round(1000 / per_s), rate=rate, per_s=per_s, mean_ms=None, cores=cores)


def test_the_events_own_work_is_no_part_of_the_cost() -> None:
    found = [load(per_s, 500, events=0.2) for per_s in (1, 5, 10, 20)]
    assert cost_ms(found, "task manager") == pytest.approx(10)
    assert cost_ms(found, "broker") == pytest.approx(5)


def test_one_interval_tells_no_cost() -> None:
    assert cost_ms([load(20), load(20, 500, events=0.2)], "broker") is None


def test_each_rate_has_its_own_costs() -> None:
    found = [load(1), load(20), load(1, 500, events=0.3), load(20, 500, events=0.3)]
    assert [(rate, process) for rate, process, _ in costs_ms(found)] == [
        (0, "task manager"),
        (0, "broker"),
        (500, "task manager"),
        (500, "broker"),
    ]
    assert [cost for _, _, cost in costs_ms(found)] == pytest.approx([10, 5, 10, 5])
