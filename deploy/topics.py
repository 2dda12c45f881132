"""``python -m deploy.topics``: create the topics of ``contracts.topics`` that are missing; the rest stays as it is."""

import sys
from typing import Annotated

import typer
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from contracts.topics import ALL, Topic
from kafka_login.client_config import ClientConfigError, client_config

_TIMEOUT_S = 30.0
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def new_topic(topic: Topic, *, partitions: int, replication: int) -> NewTopic:
    config = {"retention.ms": str(topic.retention_ms), "max.message.bytes": str(topic.max_message_bytes)}
    if replication > 2:
        # One broker may be down for an upgrade while everything is still written twice.
        config["min.insync.replicas"] = str(replication - 1)
    return NewTopic(topic.name, num_partitions=partitions, replication_factor=replication, config=config)


@app.command()
def main(
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]")],
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1,
) -> None:
    """Exit code 0: all topics exist; 1: one could not be created; 2: the client's configuration cannot be used."""
    wanted = [new_topic(topic, partitions=partitions, replication=replication) for topic in ALL]
    failed = False
    try:
        client = AdminClient(client_config(bootstrap_servers))
    except (ClientConfigError, KafkaException) as error:
        print(f"topics: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    with client as admin:
        for name, outcome in admin.create_topics(wanted, operation_timeout=_TIMEOUT_S).items():
            try:
                outcome.result(_TIMEOUT_S)
                print(f"{name}: created")
            except KafkaException as error:
                reason = error.args[0]
                exists = reason.code() == KafkaError.TOPIC_ALREADY_EXISTS
                failed = failed or not exists
                print(f"{name}: {'exists' if exists else reason.str()}", file=sys.stdout if exists else sys.stderr)
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    app(prog_name="python -m deploy.topics")
