"""Seeded profiles: deterministic, complete, and a known share absent."""

import msgspec
import pytest

from contracts.lookup_api.lookups import ListingProfile, UserProfile
from local_stack.processes.ports import free_port
from lookup_service.seed.__main__ import main, seed
from lookup_service.seed.profiles import CATEGORIES, has_record, listing_id, listings, user_id, users
from tests.lookup_service.lookup_harness import RedisServer


def test_ids() -> None:
    assert (user_id(1), listing_id(50_000)) == ("u0000001", "l00050000")


def test_a_twentieth_has_no_record() -> None:
    profiles = [profile for _, profile in users(1000, seed=1)]
    assert profiles.count(None) == 50
    assert [n for n in range(1, 41) if not has_record(n)] == [20, 40]


def test_the_same_seed_gives_the_same_records_for_any_count() -> None:
    assert list(users(200, seed=7)) == list(users(300, seed=7))[:200]
    assert list(users(200, seed=7)) != list(users(200, seed=8))
    assert list(listings(200, seed=7, sellers=50)) == list(listings(300, seed=7, sellers=50))[:200]


def test_listings_have_known_categories_and_existing_sellers() -> None:
    sellers = {name for name, _ in users(50, seed=1)}
    for _, listing in listings(500, seed=1, sellers=50):
        if listing is not None:
            assert listing.listing_category in CATEGORIES
            assert listing.listing_seller_id in sellers
            assert listing.listing_price is not None
            assert listing.listing_price > 0


def test_redis_holds_what_was_seeded(redis_server: RedisServer) -> None:
    redis_server.put(**{"user:u0000020": b"left over", "user:other": b"not ours"})
    written = seed(redis_server.client, user_count=2500, listing_count=3000, seed_number=3)
    assert written == 2375 + 2850
    assert redis_server.client.dbsize() == written + 1
    assert redis_server.client.get("user:u0000020") is None

    stored = redis_server.client.get("user:u0000001")
    assert isinstance(stored, bytes)
    assert msgspec.json.decode(stored, type=UserProfile) == next(iter(users(1, seed=3)))[1]
    stored = redis_server.client.get("listing:l00002999")
    assert isinstance(stored, bytes)
    assert msgspec.json.decode(stored, type=ListingProfile) == list(listings(2999, seed=3, sellers=2500))[-1][1]


def test_command_line(redis_server: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--redis-url", redis_server.url, "--users", "19", "--listings", "0", "--seed", "5"]) == 0
    assert capsys.readouterr().out == "seed: 19 profiles written\n"
    assert redis_server.client.dbsize() == 19


@pytest.mark.parametrize("arguments", [[], ["--redis-url", "redis://127.0.0.1:1/0", "--users", "-1"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_not_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--redis-url", "nonsense"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unreachable_redis_is_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--redis-url", f"redis://127.0.0.1:{free_port()}/0"]) == 2
    assert capsys.readouterr().err == "seed: Redis is not reachable (ConnectionError)\n"
