from pathlib import Path

import pytest

from assurance.servers.mmdb_files import ANONYMOUS, write_mmdb


@pytest.fixture(scope="session")
def anonymous_ip(databases: Path) -> Path:
    return write_mmdb(databases / "anonymous.mmdb", ANONYMOUS, "GeoIP2-Anonymous-IP")
