from collections.abc import Iterator

import pytest

from enrichment_job.lookups.engine import LookupEngine
from tests.enrichment_job.lookups.lookup_server import LookupServer


@pytest.fixture
def server() -> Iterator[LookupServer]:
    """Answers every key with an empty value, until a test says otherwise."""
    with LookupServer() as running:
        yield running


@pytest.fixture
def engines() -> Iterator[list[LookupEngine]]:
    """What a test puts in is closed afterwards."""
    opened: list[LookupEngine] = []
    yield opened
    for engine in opened:
        engine.close()
