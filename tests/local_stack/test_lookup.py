"""The stack's lookup service with its databases and ranges."""

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from contracts.lookup_api.lookups import PATH, LookupKey, LookupRequest, LookupResponse, Network
from local_stack.lookup.geoip import ensure_asn_database
from local_stack.lookup.redis import Redis
from local_stack.lookup.service import LookupService, seed_profiles

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LookupService]:
    folder = tmp_path_factory.mktemp("lookup")
    profiles = folder / "profiles.db"
    seed_profiles(profiles, users=1, listings=1)
    redis = Redis(folder)
    redis.start()
    service = LookupService(
        folder,
        redis_url=redis.url,
        profiles_path=profiles,
        geoip_city_path=None,
        geoip_asn_path=ensure_asn_database(),
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()
        redis.stop()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("66.249.66.1", Network(as_number=15169, as_organization_name="Google LLC", ip_is_hosting_provider=True)),
        (
            "146.70.64.9",
            Network(
                as_number=9009, as_organization_name="M247 Europe SRL", ip_is_anonymous=True, ip_is_anonymous_vpn=True
            ),
        ),
        (
            "95.217.1.9",
            Network(as_number=24940, as_organization_name="Hetzner Online GmbH", ip_is_hosting_provider=True),
        ),
        ("2606:4700::1111", Network(as_number=13335, as_organization_name="Cloudflare, Inc.")),
        ("77.188.64.9", Network(as_number=6805, as_organization_name="Telefonica Germany GmbH & Co.OHG")),
    ],
)
def test_it_knows_networks(lookup: LookupService, address: str, expected: Network) -> None:
    request = msgspec.json.encode(LookupRequest([LookupKey("network", address)]))
    answer = httpx.post(lookup.url + PATH, content=request, headers={"content-type": "application/json"})
    (result,) = msgspec.json.decode(answer.content, type=LookupResponse).results
    assert result.status == "ok"
    assert isinstance(result.value, msgspec.Raw)
    assert msgspec.json.decode(result.value, type=Network) == expected
