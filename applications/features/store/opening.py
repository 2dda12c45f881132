"""The feature store, as an operator's subtask opens it."""

from pyflink.datastream import RuntimeContext

from applications.features.store.job_store import StoreSettings, SubtaskStore, ttl_s_of
from common.flink.cancelling import is_task_cancelled
from common.flink.property_groups import KafkaConfig
from common.flink.subtask import subtask_of
from common.kafka.client_config import client_login
from common.secret import RedisUrl
from core.features.model import EntityName, FeatureSet


def open_store(
    context: RuntimeContext,
    *,
    job: str,
    redis_url: RedisUrl,
    waiting: int,
    kafka: KafkaConfig,
    features: FeatureSet,
    entities: frozenset[EntityName],
) -> SubtaskStore | None:
    """Waits neither for Redis nor for Kafka. None: there is no URL, so that none is to be written.

    :param job: its consumer group.
    :param waiting: entities that may wait to be written.
    :param entities: those that the job has.
    """
    if not redis_url:
        return None
    subtask = subtask_of(context)
    settings = StoreSettings(
        job=job,
        redis_url=redis_url,
        bootstrap_servers=kafka.bootstrap_servers,
        login=client_login(kafka.bootstrap_servers, kafka.client_properties()),
        waiting=waiting,
    )
    return SubtaskStore(
        settings,
        ttl_s_of(features, entities),
        subtask=subtask.number,
        parallelism=subtask.parallelism,
        is_cancelled=is_task_cancelled,
    )
