"""``python -m deploy.topics``: creates the topics of ``contracts.topics`` that are missing.

Of a topic that exists it changes only how far a timestamp may be ahead, because without that limit one producer's wrong
clock makes everybody's events late. Partitions, retention and size stay as the operator has set them.
"""

import sys
from concurrent.futures import Future
from typing import Annotated

import typer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from common.kafka.client_config import ClientConfigError, client_config
from contracts.topics import ALL, Topic

_TIMEOUT_S = 30.0
_AHEAD = "message.timestamp.after.max.ms"
"""Of Kafka 3.6 and later. How old a timestamp may be has no limit by default and gets none, so that old logs can be
replayed."""
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def new_topic(topic: Topic, *, partitions: int, replication: int) -> NewTopic:
    config = {
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_message_bytes),
        _AHEAD: str(topic.max_ahead_ms),
    }
    if replication > 2:
        # While one broker is down for an upgrade, everything is still written twice.
        config["min.insync.replicas"] = str(replication - 1)
    return NewTopic(topic.name, num_partitions=partitions, replication_factor=replication, config=config)


@app.command()
def main(
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]")],
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1,
) -> None:
    """Create the topics that are missing.

    Exit code 0: all topics exist; 1: one could not be created or changed; 2: the client's configuration cannot be used.
    """
    wanted = [new_topic(topic, partitions=partitions, replication=replication) for topic in ALL]
    failed = False
    try:
        client = AdminClient(client_config(bootstrap_servers))
    except (ClientConfigError, KafkaException) as error:
        print(f"topics: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    with client as admin:
        outcomes = admin.create_topics(wanted, operation_timeout=_TIMEOUT_S)
        for topic in ALL:
            try:
                said = "created" if _is_new(outcomes[topic.name]) else _limit_timestamps(admin, topic)
                print(f"{topic.name}: {said}")
            except KafkaException as error:
                failed = True
                print(f"{topic.name}: {error.args[0].str()}", file=sys.stderr)
    raise typer.Exit(1 if failed else 0)


def _is_new(outcome: Future[None]) -> bool:
    """False if the topic existed. Raises KafkaException if it could not be created."""
    try:
        outcome.result(_TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        return False
    return True


def _limit_timestamps(admin: AdminClient, topic: Topic) -> str:
    """Set the limit where it differs; returns what to print. Raises KafkaException if it cannot be read or set."""
    limit = str(topic.max_ahead_ms)
    resource = ConfigResource(ResourceType.TOPIC, topic.name)
    (known,) = admin.describe_configs([resource], request_timeout=_TIMEOUT_S).values()
    found = known.result(_TIMEOUT_S).get(_AHEAD)
    if found is not None and found.value == limit:
        return "exists"
    change = ConfigEntry(_AHEAD, limit, incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=[change])
    (done,) = admin.incremental_alter_configs([changed], request_timeout=_TIMEOUT_S).values()
    done.result(_TIMEOUT_S)
    return f"exists, now with {_AHEAD}={limit}"


if __name__ == "__main__":
    app(prog_name="python -m deploy.topics")
