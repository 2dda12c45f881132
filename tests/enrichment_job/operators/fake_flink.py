"""Flink's side of a function, as far as it goes without a cluster: contexts, keyed list state, timers, metrics."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from common.flink.side_outputs import Output
from contracts import topics
from tests.common.flink.batches import output_records
from tests.common.flink.test_metrics import Group


class _Distribution:
    def __init__(self, values: dict[str, int], name: str) -> None:
        self._values, self._name = values, name

    def update(self, value: int) -> None:
        self._values[self._name] = value


class MetricGroup(Group):
    def __init__(self) -> None:
        super().__init__()
        self.gauges: dict[str, int] = {}

    def distribution(self, name: str) -> _Distribution:
        return _Distribution(self.gauges, name)


class ListState:
    """State of the key in hand; ``contents`` outlives the function, as a checkpoint does."""

    def __init__(self, key: Callable[[], int], contents: dict[int, list[bytes]]) -> None:
        self._key, self.contents = key, contents

    def get(self) -> Iterable[bytes]:
        return list(self.contents.get(self._key(), ()))

    def add(self, value: bytes) -> None:
        self.contents.setdefault(self._key(), []).append(value)

    def update(self, values: list[bytes]) -> None:
        self.contents[self._key()] = list(values)

    def clear(self) -> None:
        self.contents.pop(self._key(), None)


class RuntimeContext:
    """Of subtask 0 of 1."""

    def __init__(self, state: dict[int, list[bytes]] | None = None) -> None:
        self.metrics = MetricGroup()
        self.key = 0
        self.state = ListState(lambda: self.key, {} if state is None else state)

    def get_metrics_group(self) -> MetricGroup:
        return self.metrics

    def get_list_state(self, _descriptor: object) -> ListState:
        return self.state

    def get_index_of_this_subtask(self) -> int:
        return 0

    def get_number_of_parallel_subtasks(self) -> int:
        return 1

    def get_max_number_of_parallel_subtasks(self) -> int:
        return 128


class Context:
    """Of one call: the watermark, the key in hand, timers asked for."""

    def __init__(self, *, watermark: int = -(2**63), key: int = 0) -> None:
        self._watermark, self._key = watermark, key
        self.timers: list[int] = []

    def timer_service(self) -> "Context":
        return self

    def current_watermark(self) -> int:
        return self._watermark

    def register_processing_time_timer(self, at: int) -> None:
        self.timers.append(at)

    def get_current_key(self) -> int:
        return self._key


OUTPUT_NAMES: Mapping[str, str] = {topic.name: topic.name.split(".")[1] for topic in topics.OUTCOMES}


def by_output(outputs: Iterable[Output]) -> list[tuple[str, Any]]:
    """(side output's name or ``main``, record) of each; every record is consistent with the output that it is in."""
    found: list[tuple[str, Any]] = []
    for output in outputs:
        name, value = (output[0].tag_id, output[1]) if isinstance(output, tuple) else ("main", output)
        if name == "parked":
            found.append((name, value))
            continue
        assert isinstance(value, bytes)
        for record in output_records(value):
            assert OUTPUT_NAMES.get(record[0], "main") == name, "the topic is the side output's"
            found.append((name, record))
    return found
