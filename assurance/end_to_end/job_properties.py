"""The job's property file for a local stack: the reference file with this stack's addresses and with changes."""

from pathlib import Path

from common.flink.property_groups import Groups, changed, read, write
from deploy.paths import REFERENCE
from local_stack.flink.enrichment_job import local_job


def write_properties(
    path: Path, *, bootstrap_servers: str, lookup_url: str, optouts_url: str = "", changes: Groups | None = None
) -> Path:
    """Writes the file and returns its path. With ``optouts_url`` the job honours the opt-outs in that store."""
    addresses = {
        "kafka": {"bootstrap.servers": bootstrap_servers},
        "lookup": {"url": lookup_url},
        **local_job(path.parent, optouts_url),
    }
    return write(path, changed(read(REFERENCE), addresses, changes or {}))
