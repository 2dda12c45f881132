"""Compares the features that are served with those that SQL computes of the same events, at one instant."""

from assurance.reconciliation.features.outputs import FeatureOutputs
from assurance.reconciliation.features.summary import Parity
from core.features.model import FeatureSet
from training.comparison import Online, compare
from training.offline.compute import OfflineFeatures
from training.sampling import sampled

MOST_OF_EACH = 5_000
"""Entities of a kind. A run has more only when it is large, and then a sample says the same."""
_EXAMPLES = 5


def parity(outputs: FeatureOutputs, features: FeatureSet, online: Online) -> Parity:
    """At the time of the newest event of all."""
    at = outputs.newest_tstamp
    asked = {entity: sampled(outputs.database, features, entity, at, MOST_OF_EACH, 0) for entity in features.entities}
    found = compare(online, OfflineFeatures(outputs.database, features), asked)
    examples = [f"{each.value}: served {each.online!r}, computed {each.offline!r}" for each in found.examples]
    return Parity(compared=found.compared, different=found.different, examples=examples[:_EXAMPLES])
