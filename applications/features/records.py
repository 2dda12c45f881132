"""Records of the topic of features, which both jobs with features write. Pure."""

from base64 import b64encode

import msgspec

from common.flink.output_record import ErasingRecord, OutputRecord
from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES
from core.features.model import EntityName, FeatureSet
from core.features.state import EntityState
from core.features.values import values_at

_encode = msgspec.json.Encoder().encode
_FEATURES = FEATURES.name


class FeatureRecords:
    def __init__(self, features: FeatureSet, *, with_values: bool = True) -> None:
        """:param with_values: they are nine tenths of what a record costs."""
        self._set, self._with_values = features, with_values
        self._of = {
            entity: tuple((each, window) for each in features.of(entity) for window in each.windows)
            for entity in features.entities
        }

    def record(
        self, entity: EntityName, entity_id: str, state: EntityState, packed: bytes, written_ms: int
    ) -> OutputRecord:
        """The entity as it is now.

        :param packed: the state, packed.
        :param written_ms: by the job's clock.
        """
        newest = state.newest
        content = FeatureState(
            entity=entity,
            entity_id=entity_id,
            newest_tstamp=newest,
            written_tstamp=written_ms,
            features_version=self._set.version,
            values=values_at(state, self._of[entity], newest, self._set) if self._with_values else {},
            state=b64encode(packed).decode(),
        )
        return _FEATURES, record_key(entity, entity_id), _encode(content), written_ms


def erasing_record(entity: EntityName, entity_id: str, written_ms: int) -> ErasingRecord:
    """Erases what the compacted topic has of the entity."""
    return _FEATURES, record_key(entity, entity_id), None, written_ms


def record_key(entity: EntityName, entity_id: str) -> bytes:
    return f"{entity}:{entity_id}".encode("utf-8", "surrogatepass")
