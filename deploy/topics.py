"""``python -m deploy.topics``: creates the topics of ``contracts.topics`` that are missing.

Of an existing topic only the timestamp limit is set: without it, one producer with a fast clock makes the events of all
others late. Partitions, retention and size stay as they are, because the operator may have tuned them.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from common.kafka.client_config import ClientConfigError, client_config
from common.kafka.topics import MAX_AHEAD, TopicFailure, create_topics, update_timestamp_limit
from contracts.fixed_topics import Topic
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.yaml_nodes import PolicyError
from contracts.topics import table

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    bootstrap_servers: Annotated[str, typer.Option(help="Kafka brokers, host:port[,host:port]")],
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1,
    purposes: Annotated[
        Path, typer.Option(help="The policy, as the job has it: one topic for each purpose")
    ] = REFERENCE,
) -> None:
    """Create the topics that are missing.

    Exit code 0: all topics exist; 1: one could not be created or updated; 2: a wrong client configuration or policy.
    """
    try:
        topics = table(load_purposes(purposes))
        client = AdminClient(client_config(bootstrap_servers))
    except (ClientConfigError, KafkaException, PolicyError) as error:
        print(f"topics: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    failed = False
    with client as admin:
        created = create_topics(admin, topics, partitions=partitions, replication=replication)
        for topic in topics:
            result = created[topic.name]
            message = _update(admin, topic) if result == "exists" else result
            if isinstance(message, TopicFailure):
                failed = True
                print(f"{topic.name}: {message.reason}", file=sys.stderr)
            else:
                print(f"{topic.name}: {message}")
    raise typer.Exit(1 if failed else 0)


def _update(admin: AdminClient, topic: Topic) -> str | TopicFailure:
    result = update_timestamp_limit(admin, topic)
    if isinstance(result, TopicFailure):
        return result
    return "exists" if result == "unchanged" else f"exists, now with {MAX_AHEAD}={topic.max_ahead_ms}"


if __name__ == "__main__":
    app(prog_name="python -m deploy.topics")
