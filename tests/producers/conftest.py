"""A small marketplace, and a stream from it that many tests use."""

from pathlib import Path

import pytest

from producers.record import Record
from producers.synthetic.generator import GeneratorSettings, generate
from producers.synthetic.marketplace import Marketplace, build_marketplace
from tests.producers.access_log.made_log import made_log

USERS = 400
LISTINGS = 1_000
START_MS = 1_767_225_600_000
EVENTS = 30_000


@pytest.fixture(scope="session")
def marketplace() -> Marketplace:
    return build_marketplace(seed=1, users=USERS, listings=LISTINGS)


@pytest.fixture(scope="session")
def stream(marketplace: Marketplace) -> list[Record]:
    """30,000 records with the default defect rates."""
    settings = GeneratorSettings(start_ms=START_MS, events=EVENTS, users=USERS, listings=LISTINGS)
    return list(generate(settings, marketplace))


@pytest.fixture(scope="session")
def access_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 lines, one of them truncated."""
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_bytes(made_log())
    return path
