"""One batch of writes to the Redis of ``/v1/risk``: each is made only if what is there is not newer."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from common.redis_states import versioned
from common.redis_states.chunks import chunks
from core.risk.stored_state import RULES_KEY, StoredRules, encode_rules

GUARD_KEY = f"{{{RULES_KEY}}}:written"
"""How new the rules in Redis are. In a cluster it lies beside them."""
_GUARD_S = 600
"""The rules are written anew much more often. So if all that knew them are gone, whatever rules there are can be
written, such as those of a topic that was made anew and is shorter than the old one."""

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


def write(
    client: Any,  # noqa: ANN401 - of a server or of a cluster
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
    values = [versioned.Versioned(key, encoded, ttl_s) for key, encoded in states.items()]
    for chunk in chunks(client, values):
        versioned.put(pipeline, chunk)
    if rules is not None:
        encoded = encode_rules(rules.rules)
        written = (rules.position, rules.rules.written_ms, _GUARD_S)
        pipeline.execute_command("EVAL", _PUT_RULES, 2, RULES_KEY, GUARD_KEY, encoded, *written)
    pipeline.execute()
