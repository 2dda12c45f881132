"""Flink's configuration in the image: one folder for each job's cluster.

All clusters have ``conf/config.yaml``. Addresses, memory and profile are the job's own, from its row in
:mod:`deploy.jobs`.
"""

import shutil
from pathlib import Path

import yaml

from deploy.job_spec import JobSpec

CONF = Path(__file__).with_name("conf")
_FILE = "config.yaml"


def settings(job: JobSpec) -> dict[str, object]:
    """Every setting of the job's cluster in Docker Compose, as flat keys."""
    shared: dict[str, object] = yaml.safe_load((CONF / _FILE).read_text())
    address = job.container.jobmanager
    return {
        **shared,
        "jobmanager.rpc.address": address,
        "rest.address": address,
        **job.container.profile.flink_settings(),
        **job.container.flink,
    }


def write(job: JobSpec, folder: Path) -> None:
    """Make the folder that the job's JVMs get as ``FLINK_CONF_DIR``: the settings, and how the JVMs log."""
    shutil.copytree(CONF, folder)
    # Without a limit, or the writer would break long values into lines.
    (folder / _FILE).write_text(yaml.safe_dump(settings(job), width=float("inf")))
