"""Where the brokers of ``make up`` are."""

from pathlib import Path

import msgspec

from local_stack.paths import STACK

PROPERTIES = STACK / "run" / "application_properties.json"
NOTHING_UP = "nothing is up; start it with make up, or name --bootstrap-servers"


class _Group(msgspec.Struct):
    PropertyGroupId: str
    PropertyMap: dict[str, str]


def local_brokers(properties: Path = PROPERTIES) -> str | None:
    """The brokers of ``make up``; None where it never ran."""
    if not properties.exists():
        return None
    groups = msgspec.json.decode(properties.read_bytes(), type=list[_Group])
    return {group.PropertyGroupId: group.PropertyMap for group in groups}.get("kafka", {}).get("bootstrap.servers")
