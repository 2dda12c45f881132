"""``python -m deploy.flink.image APPLICATIONS CONFIGURATIONS``: what the Flink image has of each job.

Makes ``APPLICATIONS/NAME``, the job's archive unpacked, and ``CONFIGURATIONS/NAME``, its cluster's configuration.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

from deploy.build.archive_build import build
from deploy.flink import configuration
from deploy.jobs import JOBS


def main(applications: Path, configurations: Path) -> None:
    for job in JOBS.values():
        with tempfile.TemporaryDirectory() as scratch:
            built = build(job, Path(scratch) / "archive.zip")
            with zipfile.ZipFile(built.path) as archive:
                archive.extractall(applications / job.name)
        configuration.write(job, configurations / job.name)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
