"""The store of a job in one process: one for all subtasks there."""

from collections.abc import Callable
from dataclasses import dataclass

from applications.features.store.feature_store import FeatureStore
from applications.features.store.restore import Restorer
from applications.features.store.topic import FeaturesTopic
from common.kafka.client_config import ClientConfig
from common.secret import RedisUrl
from common.shared import Shared
from contracts.fixed_topics import FEATURES
from core.features.model import EntityName, FeatureSet

_MARGIN_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    job: str
    """In the names of the marks."""
    redis_url: RedisUrl
    bootstrap_servers: str
    login: ClientConfig
    """See ``client_login``."""
    waiting: int = 50_000
    waiting_bytes: int = 67_108_864
    margin_ms: int = _MARGIN_MS


class JobStore:
    """The store, and what fills it again."""

    def __init__(
        self,
        settings: StoreSettings,
        ttl_s: dict[EntityName, int],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """:param ttl_s: of the job's entities."""
        topic = FeaturesTopic(settings.bootstrap_servers, settings.login, FEATURES.name, ttl_s)
        url = settings.redis_url.reveal()
        self.restorer = Restorer(url, settings.job, topic, settings.margin_ms)
        self.store = FeatureStore(
            url,
            ttl_s=ttl_s,
            waiting=settings.waiting,
            waiting_bytes=settings.waiting_bytes,
            is_cancelled=is_cancelled,
            marks=self.restorer.marks,
        )
        self.restorer.start(self.store)

    def close(self) -> None:
        self.restorer.close()
        self.store.close()


_STORES: Shared[JobStore] = Shared()


class SubtaskStore:
    """What one subtask has of it: ``store``, until ``close``."""

    def __init__(
        self,
        settings: StoreSettings,
        ttl_s: dict[EntityName, int],
        *,
        subtask: int,
        parallelism: int,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Opens the process's store, unless another subtask has. Does not wait for Redis or Kafka."""
        self._key = settings.job, settings.redis_url, settings.bootstrap_servers
        self._job = _STORES.acquire(self._key, lambda: JobStore(settings, ttl_s, is_cancelled))
        self._job.restorer.add(subtask, parallelism)
        self.store = self._job.store

    @property
    def is_restoring(self) -> bool:
        return self._job.restorer.is_restoring

    def close(self) -> None:
        _STORES.release(self._key)


def ttl_s_of(features: FeatureSet, entities: frozenset[EntityName]) -> dict[EntityName, int]:
    """Of those that are declared."""
    return {name: entity.ttl_ms // 1000 for name, entity in features.entities.items() if name in entities}
