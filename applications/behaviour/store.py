"""The feature store, as the operator's subtask opens it."""

from pyflink.datastream import RuntimeContext

from applications.behaviour.config import Config
from applications.behaviour.features.features import ENTITIES
from applications.features.store.job_store import StoreSettings, SubtaskStore, ttl_s_of
from common.flink.cancelling import is_task_cancelled
from common.flink.subtask import subtask_of
from common.kafka.client_config import client_login
from core.features.model import FeatureSet


def open_store(config: Config, features: FeatureSet, context: RuntimeContext) -> SubtaskStore | None:
    """Waits neither for Redis nor for Kafka. None: none is to be written."""
    if not config.features.redis_url:
        return None
    kafka, subtask = config.kafka, subtask_of(context)
    settings = StoreSettings(
        job=config.job.group_id,
        redis_url=config.features.redis_url,
        bootstrap_servers=kafka.bootstrap_servers,
        login=client_login(kafka.bootstrap_servers, kafka.client_properties()),
        waiting=config.features.waiting,
    )
    return SubtaskStore(
        settings,
        ttl_s_of(features, ENTITIES),
        subtask=subtask.number,
        parallelism=subtask.parallelism,
        is_cancelled=is_task_cancelled,
    )
