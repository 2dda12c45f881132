"""Where the brokers of ``make up`` are."""

from pathlib import Path

from common.flink.property_groups import read
from deploy.paths import STACK

PROPERTIES = STACK / "run" / "application_properties.json"
NOTHING_UP = "nothing is up; start it with make up, or name --bootstrap-servers"


def local_brokers(properties: Path = PROPERTIES) -> str | None:
    """The brokers of ``make up``; None where it never ran."""
    return read(properties).get("kafka", {}).get("bootstrap.servers") if properties.exists() else None
