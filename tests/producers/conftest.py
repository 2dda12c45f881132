"""A small world, and one stream from it that many tests look at."""

from pathlib import Path

import pytest

from producers.generator import GeneratorSettings, generate
from producers.record import Record
from producers.world import World, build_world
from tests.shared_data import ACCESS_LOG

USERS = 400
LISTINGS = 1_000
START_MS = 1_767_225_600_000
EVENTS = 30_000


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(seed=1, users=USERS, listings=LISTINGS)


@pytest.fixture(scope="session")
def stream(world: World) -> list[Record]:
    """30,000 records with the default shares."""
    settings = GeneratorSettings(start_ms=START_MS, events=EVENTS, users=USERS, listings=LISTINGS)
    return list(generate(settings, world))


@pytest.fixture(scope="session")
def access_log() -> Path:
    """A real log of 10,000 requests, which is not part of the project."""
    if not ACCESS_LOG.is_file():
        pytest.skip("no ../shared/data/access_log_combined.log beside the project")
    return ACCESS_LOG
