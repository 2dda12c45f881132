"""The real Redis of the tests of the store."""

from tests.redis_fixtures import empty, redis_url

__all__ = ["empty", "redis_url"]
