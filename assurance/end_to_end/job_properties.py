"""The job's property file for a local stack: the reference file with this stack's addresses and with changes."""

from pathlib import Path

from common.flink.property_groups import Groups, changed, read, write
from deploy.job_spec import Resource
from deploy.jobs import ENRICHMENT
from local_stack.jobs import machine_resources


def write_properties(
    path: Path, *, bootstrap_servers: str, lookup_url: str, optouts_url: str = "", changes: Groups | None = None
) -> Path:
    """Writes the file and returns its path. With ``optouts_url`` the job honours the opt-outs in that store."""
    offered: dict[Resource, str] = {
        **machine_resources(ENRICHMENT, path.parent),
        "kafka": bootstrap_servers,
        "lookup_url": lookup_url,
        "opt_outs_url": optouts_url,
    }
    return write(path, changed(read(ENRICHMENT.reference), ENRICHMENT.located(offered), changes or {}))
