"""What is handed to Flink, and when."""

from collections import Counter

from common.flink.metrics import EMISSION_BOUNDS_MS, EMISSION_NAME, EmissionLatency
from enrichment_job.metric_names import Counters


class _Counter:
    def __init__(self, group: "Group", name: str) -> None:
        self._group, self._name = group, name

    def inc(self, n: int = 1) -> None:
        self._group.calls += 1
        self._group.counts[self._name] += n


class Group:
    """Flink's metric group, as far as it goes in Python: names, and a count for each."""

    def __init__(self, label: str = "", root: "Group | None" = None) -> None:
        self.label = label
        self.counts: Counter[str] = root.counts if root else Counter()
        self.calls = 0

    def add_group(self, name: str, extra: str) -> "Group":
        return Group(f"{name}={extra} ", self)

    def counter(self, name: str) -> _Counter:
        return _Counter(self, self.label + name)


def test_a_fast_stream_is_handed_over_in_portions() -> None:
    group = Group()
    count = Counters(group, "events_enriched", "events_late")
    flushed = []
    for number in range(1_000):
        count.add("events_enriched")
        if count.tick(number // 4):
            count.flush()
            flushed.append(number)
    assert flushed == [0, 400, 800], "every tenth of a second"
    assert group.counts == {"events_enriched": 801}
    assert group.calls == 3, "what has not changed is not handed over"


def test_a_slow_streams_counts_are_true_after_each_event() -> None:
    group = Group()
    count = Counters(group, "events_enriched")
    for number in range(5):
        count.add("events_enriched")
        assert count.tick(1_000 + number * 100)
        count.flush()
        assert group.counts["events_enriched"] == number + 1
    count.add("events_enriched")
    assert not count.tick(1_450), "a tenth of a second is not over"


def test_buckets_count_cumulatively_like_a_histogram_of_prometheus() -> None:
    group = Group()
    latency = EmissionLatency(group)
    for ms in (-3, 5, 6, 80, 299, 300, 301, 10**9):
        latency.observe(ms)
    assert not group.counts
    latency.flush()
    found = {name.removeprefix("le=").removesuffix(f" {EMISSION_NAME}"): n for name, n in group.counts.items()}
    assert len(found) == len(EMISSION_BOUNDS_MS) + 1
    assert found["0.005"] == 2, "a bound belongs to its bucket"
    assert (found["0.01"], found["0.075"], found["0.1"], found["0.2"], found["0.3"], found["0.5"]) == (3, 3, 4, 4, 6, 7)
    assert (found["300"], found["+Inf"]) == (7, 8)
    latency.flush()
    assert group.counts[f"le=+Inf {EMISSION_NAME}"] == 8, "once each"
