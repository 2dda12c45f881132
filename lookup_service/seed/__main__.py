"""``python -m lookup_service.seed``: writes demonstration profiles to Redis or to a database."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice

import msgspec
from redis import Redis, RedisError

from contracts.lookup_api.lookups import ListingProfile, UserProfile
from lookup_service.seed import database as seed_database
from lookup_service.seed.profiles import listings, users

CHUNK = 2000
"""Records per round trip."""
TIMEOUT_S = 5.0

Profile = UserProfile | ListingProfile


def seed(redis: Redis, *, user_count: int, listing_count: int, seed_number: int) -> int:
    """Writes the profiles and deletes the ids that have none; returns the number written. Raises RedisError."""
    records: Iterator[tuple[str, Profile | None]] = chain(
        _keyed("user", users(user_count, seed_number)),
        _keyed("listing", listings(listing_count, seed_number, sellers=user_count)),
    )
    encode = msgspec.json.Encoder().encode
    written = 0
    while chunk := list(islice(records, CHUNK)):
        present = {key: encode(profile) for key, profile in chunk if profile is not None}
        absent = [key for key, profile in chunk if profile is None]
        with redis.pipeline(transaction=False) as pipeline:
            if present:
                pipeline.mset(present)
            if absent:
                pipeline.unlink(*absent)
            pipeline.execute()
        written += len(present)
    return written


def _keyed(kind: str, profiles: Iterable[tuple[str, Profile | None]]) -> Iterator[tuple[str, Profile | None]]:
    return ((f"{kind}:{name}", profile) for name, profile in profiles)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lookup_service.seed", description="Write profiles.")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--redis-url", metavar="URL")
    target.add_argument("--database", metavar="URL", help="postgresql://... or sqlite:///path")
    parser.add_argument("--users", type=_count, default=20_000, metavar="N", help="default: %(default)s")
    parser.add_argument("--listings", type=_count, default=50_000, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="default: %(default)s")
    arguments = parser.parse_args(argv)
    counts = {"user_count": arguments.users, "listing_count": arguments.listings, "seed_number": arguments.seed}
    try:
        if arguments.database is not None:
            written = seed_database.seed(arguments.database, **counts)
        else:
            with Redis.from_url(
                arguments.redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
            ) as redis:
                written = seed(redis, **counts)
    except ValueError:
        option, kind = ("--redis-url", "Redis") if arguments.database is None else ("--database", "database")
        print(f"seed: {option} is not a {kind} URL", file=sys.stderr)
        return 2
    except (RedisError, OSError) as error:
        print(f"seed: Redis is not reachable ({type(error).__name__})", file=sys.stderr)
        return 2
    except seed_database.SeedError as error:
        print(f"seed: {error}", file=sys.stderr)
        return 2
    print(f"seed: {written} profiles written")
    return 0


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError("negative")
    return count


if __name__ == "__main__":
    sys.exit(main())
