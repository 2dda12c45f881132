"""Each kind's aggregation. A ratio has none: it is made of two other values when it is read."""

from collections.abc import Mapping
from types import MappingProxyType

from core.features.aggregations.aggregation import Aggregation
from core.features.aggregations.counted import MostFrequent
from core.features.aggregations.numbers import Count, Greatest, Least, Mean, Sum
from core.features.aggregations.ordered import First, Last, LastN
from core.features.aggregations.recency import Recency
from core.features.aggregations.sketches import ApproxDistinct
from core.features.model import Kind

AGGREGATIONS: Mapping[Kind, Aggregation] = MappingProxyType(
    {
        "count": Count(),
        "sum": Sum(),
        "min": Least(),
        "max": Greatest(),
        "mean": Mean(),
        "first": First(),
        "last": Last(),
        "last_n": LastN(),
        "most_frequent": MostFrequent(),
        "approx_distinct": ApproxDistinct(),
        "recency": Recency(),
    }
)
NUMERIC: frozenset[Kind] = frozenset({"sum", "min", "max", "mean"})
"""Only numbers tell them something."""
WITHOUT_VALUE: frozenset[Kind] = frozenset({"count", "recency"})
