"""One packed value for each key in Flink's state, and the values of the keys seen last unpacked in memory as well."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pyflink.common import Time, Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import StateTtlConfig, ValueStateDescriptor

from common.resilience.two_generation_cache import TwoGenerationCache

StateT = TypeVar("StateT")


@dataclass(frozen=True)
class Format(Generic[StateT]):
    """How a state is made and packed."""

    new: Callable[[], StateT]
    pack: Callable[[StateT], bytes]
    unpack: Callable[[bytes], StateT]


class PackedStates(Generic[StateT]):
    """Of one function instance. A state that is got and changed must be put, or dropped."""

    def __init__(
        self, context: RuntimeContext, name: str, packed_as: Format[StateT], *, mirrored: int, days: int | None
    ) -> None:
        """:param days: a key without a change for so long, by the clock, is forgotten; None: none is."""
        descriptor = ValueStateDescriptor(name, Types.PICKLED_BYTE_ARRAY())
        if days is not None:
            descriptor.enable_time_to_live(_forgotten_after(days))
        self._value = context.get_state(descriptor)
        self._format = packed_as
        self._mirror: TwoGenerationCache[StateT] = TwoGenerationCache(mirrored)

    def __len__(self) -> int:
        """Keys in memory."""
        return len(self._mirror)

    def get(self, key: str) -> StateT:
        """:param key: the one on which the function works at the moment."""
        found = self._mirror.get(key)
        if found is None:
            packed = self._value.value()
            found = self._format.new() if packed is None else self._format.unpack(packed)
            self._mirror.put(key, found)
        return found

    def put(self, key: str, state: StateT) -> bytes:
        """Writes it; returns it packed."""
        packed = self._format.pack(state)
        self._value.update(packed)
        self._mirror.put(key, state)
        return packed

    def drop(self, key: str) -> None:
        """Forgets what was made of the state in memory: what was put last counts."""
        self._mirror.drop(key)

    def clear(self, key: str) -> None:
        """Deletes it."""
        self._mirror.drop(key)
        self._value.clear()


def _forgotten_after(days: int) -> StateTtlConfig:
    """What is expired is removed while RocksDB compacts, and by the heap's backend a few keys at each access.

    Both are Flink's own defaults. But PyFlink makes its object for the first one of a Java duration, for which a task
    manager's Python would start a JVM of its own. So the defaults are off, and the same is asked for in so many words.
    """
    return (
        StateTtlConfig.new_builder(Time.days(days))
        .set_update_type(StateTtlConfig.UpdateType.OnCreateAndWrite)
        .set_state_visibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
        .disable_cleanup_in_background()
        .cleanup_incrementally(5, False)
        .cleanup_in_rocksdb_compact_filter(1_000, Time.days(30))
        .build()
    )
