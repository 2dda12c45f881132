"""The job's client against the real lookup service, which asks for an API key."""

from pathlib import Path

import pytest

from contracts.lookup_api.lookups import LookupKey
from enrichment_job.lookups.client import LookupClient
from tests.lookup_service.lookup_harness import ServerProcess, source, statuses

pytestmark = [pytest.mark.anyio, pytest.mark.servers]
KEY = "k" * 32


@pytest.mark.parametrize(("api_key", "known"), [(KEY, True), ("", False), ("x" * 32, False)])
async def test_api_key(tmp_path: Path, api_key: str, known: bool) -> None:
    with ServerProcess(
        tmp_path / "log", redis_url="redis://127.0.0.1:1/0", sources=source("campaign"), api_keys=f"job:{KEY}"
    ) as server:
        async with LookupClient(str(server.client.base_url), connections=1, attempts=1, api_key=api_key) as client:
            results = await client.lookup([LookupKey("campaign", "https://a.example/?utm_source=b")], 5.0)
    if known:
        assert not isinstance(results, str)
        assert statuses(results) == ["ok"]
    else:
        assert results == "refused"
