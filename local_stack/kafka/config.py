"""The broker's files: a single KRaft node that supports transactions and listens on loopback only."""

from collections.abc import Mapping
from pathlib import Path

from local_stack.processes.ports import HOST

CLUSTER_ID = "bG9jYWwtc3RhY2stMDAwMQ"
MAX_MESSAGE_BYTES = 4 * 1024 * 1024

_LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %-5p %c{1} - %m%n
# One line for each transaction: twenty lines a second with a checkpoint every 50 ms.
logger.transactions.name=kafka.coordinator.transaction
logger.transactions.level=WARN
logger.txn.name=org.apache.kafka.coordinator.transaction
logger.txn.level=WARN
logger.groups.name=org.apache.kafka.coordinator.group
logger.groups.level=WARN
"""


def server_properties(*, broker_port: int, controller_port: int, data_dir: Path, extra: Mapping[str, str]) -> str:
    """``server.properties`` of broker and controller in one JVM."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{broker_port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{broker_port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": data_dir,
        # A mistyped name is an error, not a new topic.
        "auto.create.topics.enable": "false",
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # The transaction of a crashed producer blocks read_committed readers until the broker aborts it.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        "transaction.max.timeout.ms": 900_000,
        **extra,
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def write(
    directory: Path, *, broker_port: int, controller_port: int, data_dir: Path, extra: Mapping[str, str]
) -> tuple[Path, Path]:
    """Write both files; returns the paths of ``server.properties`` and the log4j2 configuration."""
    directory.mkdir(parents=True, exist_ok=True)
    server, logging = directory / "server.properties", directory / "log4j2.properties"
    server.write_text(
        server_properties(broker_port=broker_port, controller_port=controller_port, data_dir=data_dir, extra=extra)
    )
    logging.write_text(_LOGGING)
    return server, logging
