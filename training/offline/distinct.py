"""How many different values there are, about: by the library and the sketch that the jobs use.

An estimate does not depend on the order of the values, nor on the tiles that they were in.
"""

from collections.abc import Iterable
from typing import Any, Final

from datasketches import hll_sketch, hll_union

from core.features.model import Feature
from core.features.source_events import Source

_LG_K: Final = 11


def distinct(values: Iterable[Any], feature: Feature, source: Source) -> int:
    sketch = hll_sketch(_LG_K)
    for value in values:
        sketch.update(str(value))
    union = hll_union(_LG_K)
    union.update(sketch)
    return round(union.get_estimate())
