"""The job's property file for a local stack: the reference file with addresses and changes put in."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from local_stack.job import local_job
from local_stack.paths import PROJECT

REFERENCE = PROJECT / "deploy" / "application_properties.json"
Changes = Mapping[str, Mapping[str, str]]
"""Property group → key → text."""


def write_properties(
    path: Path, *, bootstrap_servers: str, lookup_url: str, redis_url: str = "", changes: Changes | None = None
) -> Path:
    """Write the file and return its path. With ``redis_url`` the suppression set there counts."""
    groups = msgspec.json.decode(REFERENCE.read_bytes(), type=list[dict[str, str | dict[str, str]]])
    wanted: dict[str, dict[str, str]] = {
        "kafka": {"bootstrap.servers": bootstrap_servers},
        "lookup": {"url": lookup_url},
        **local_job(path.parent, redis_url),
    }
    for name, keys in (changes or {}).items():
        wanted.setdefault(name, {}).update(keys)
    for group in groups:
        properties = group["PropertyMap"]
        if isinstance(properties, dict):
            properties.update(wanted.get(str(group["PropertyGroupId"]), {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(groups)) + b"\n")
    return path
