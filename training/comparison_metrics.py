"""What the comparison says of itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from training.comparison import Comparison


class ComparisonMetrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._compared = Counter(
            "feature_values_compared", "Values compared, online with offline.", ["feature"], registry=self.registry
        )
        self._different = Counter(
            "feature_values_different", "Of these, those that differ.", ["feature"], registry=self.registry
        )
        self._share = Gauge(
            "feature_values_different_share",
            "Share that differs, of the last comparison.",
            ["feature"],
            registry=self.registry,
        )
        self._moving = Counter(
            "feature_entities_moving", "Entities left out: their newest event was too young.", registry=self.registry
        )
        self._failed = Counter("feature_comparisons_failed", "Comparisons that were not made.", registry=self.registry)
        self._last = Gauge(
            "feature_comparison_last_timestamp_seconds", "When the last comparison was made.", registry=self.registry
        )

    def add(self, found: Comparison) -> None:
        """Labels are names of features, without windows: ``browser__listing_views``."""
        compared: dict[str, list[int]] = {}
        for name, number in found.of_value.items():
            of_feature = compared.setdefault(name.rpartition("__")[0], [0, 0])
            of_feature[0] += number
            of_feature[1] += found.by_value[name]
        for feature, (number, different) in compared.items():
            self._compared.labels(feature).inc(number)
            self._different.labels(feature).inc(different)
            self._share.labels(feature).set(different / number)
        self._moving.inc(found.moving)
        self._last.set_to_current_time()

    def failed(self) -> None:
        self._failed.inc()
