"""One batch of writes to the Redis of ``/v1/risk``: each is made only if what is there is not newer.

So an old process that was cut off, and writes what it still has when it is back, changes nothing. The comparison and
the write are one script, for between a read and a write of the client another process may write. Scripts are sent as
they are and not by their digest, which the pipeline of a cluster refuses; Redis keeps them compiled all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import redis
from redis.cluster import RedisCluster

from core.risk.stored_state import RULES_KEY, StoredRules, encode_rules

GUARD_KEY = f"{{{RULES_KEY}}}:written"
"""How new the rules in Redis are. In a cluster it lies beside them."""
_GUARD_S = 600
"""The rules are written anew much more often. So if all that knew them are gone, whatever rules there are can be
written, such as those of a topic that was made anew and is shorter than the old one."""

# A state begins with two numbers of 8 bytes, which grow: see core.stored_value. Lua's numbers are exact for ms.
# Measured beside a plain SET: 1 to 2 µs a value for the client, 3 to 4 µs for the server.
_PUT = """
local there = redis.call('GETRANGE', KEYS[1], 0, 15)
if #there == 16 then
  local newest, written = struct.unpack('>I8I8', there)
  local my_newest, my_written = struct.unpack('>I8I8', ARGV[1])
  if newest > my_newest or (newest == my_newest and written > my_written) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
# The guard has two numbers as text, because they are set by the client alone.
_PUT_RULES = """
local position, written = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) (%d+)$')
if position then
  position, written = tonumber(position), tonumber(written)
  local mine, my_written = tonumber(ARGV[2]), tonumber(ARGV[3])
  if position > mine or (position == mine and written > my_written) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. ARGV[3], 'EX', ARGV[4])
return 1
"""


class PositionedRules(NamedTuple):
    position: int
    """How much of the topic of changes the rules rest on."""
    rules: StoredRules


def connect(url: str, timeout_s: float) -> Any:  # noqa: ANN401 - a client of a server or of a cluster
    """:raises redis.RedisError: if the server cannot be reached."""
    options = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    client = redis.Redis.from_url(url, **options)
    try:
        is_cluster = cast("dict[str, object]", client.info("cluster")).get("cluster_enabled")
    except BaseException:
        client.close()
        raise
    if not is_cluster:
        return client
    client.close()
    return RedisCluster.from_url(url, **options)


def write(
    client: Any,  # noqa: ANN401 - see connect
    states: Mapping[str, bytes],
    erased: Iterable[str],
    rules: PositionedRules | None,
    *,
    ttl_s: int,
) -> None:
    """In one pipeline.

    :param states: key → encoded state.
    :param erased: keys that are deleted before: a state may have begun anew, and be older than what is there.
    :raises redis.RedisError: if anything could not be written.
    """
    pipeline = client.pipeline(transaction=False)
    for key in erased:
        pipeline.delete(key)
    for key, encoded in states.items():
        pipeline.execute_command("EVAL", _PUT, 1, key, encoded, ttl_s)
    if rules is not None:
        encoded = encode_rules(rules.rules)
        written = (rules.position, rules.rules.written_ms, _GUARD_S)
        pipeline.execute_command("EVAL", _PUT_RULES, 2, RULES_KEY, GUARD_KEY, encoded, *written)
    pipeline.execute()
