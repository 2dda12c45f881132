"""What the live view and the exporter follow: the output topics, from their present ends on."""

from collections.abc import Mapping
from pathlib import Path

from common.flink.property_groups import read
from common.kafka.topic_reader import Isolation, TopicReader, TopicUnavailable, end_offsets
from contracts.topics import ENRICHED
from contracts.topics import OUTCOMES as NOT_ENRICHED
from deploy.paths import STACK

PURPOSES: Mapping[str, str] = {topic.name: topic.name.split(".")[2] for topic in ENRICHED}
"""Enriched topic → purpose."""
OUTCOMES: Mapping[str, str] = {**PURPOSES, **{topic.name: topic.name.split(".")[1] for topic in NOT_ENRICHED}}
"""Output topic → purpose, ``late``, ``failed`` or ``suppressed``."""
PROPERTIES = STACK / "run" / "application_properties.json"
NOTHING_UP = "no local stack was started; start it with make up, or name --bootstrap-servers"


def local_brokers(properties: Path = PROPERTIES) -> str:
    """The brokers of ``make up``. Raises TopicUnavailable if it never ran."""
    servers = read(properties).get("kafka", {}).get("bootstrap.servers") if properties.exists() else None
    if servers is None:
        raise TopicUnavailable(NOTHING_UP)
    return servers


def follow_outputs(bootstrap_servers: str | None, isolation: Isolation) -> TopicReader:
    """A reader of all output topics from their present ends on. None: the brokers of ``make up``.

    :raises common.kafka.topic_reader.TopicUnavailable: if the topics cannot be read.
    """
    servers = bootstrap_servers or local_brokers()
    topics = list(OUTCOMES)
    return TopicReader(servers, topics, isolation=isolation, start=end_offsets(servers, topics))
