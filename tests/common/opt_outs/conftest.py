from tests.redis_fixtures import client, empty, redis_url

__all__ = ["client", "empty", "redis_url"]
