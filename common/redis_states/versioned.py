"""The commands for a value that has its version in front: each takes effect only if what is there is not newer.

So an old process that was cut off, and writes what it still has when it is back, changes nothing. The comparison and
the write are one script, for between a read and a write of the client another process may write. Each script has one
key, as a cluster wants it. Scripts are sent as they are and not by their digest, which the pipeline of a cluster
refuses; Redis keeps them compiled all the same.

The version is two numbers of 8 bytes, unsigned with the highest byte first, both in ms since 1970 UTC: the time of the
newest event in the value, and when the value was made. Their first byte is 0 for the next two million years. A value
that begins otherwise, or is no string, is not one of these, and is replaced.
"""

import struct
from typing import Any, Final

HEAD: Final = struct.Struct(">QQ")

# Lua's numbers are exact for ms. Measured beside a plain SET: 1 to 2 µs a value for the client, 3 to 4 µs for the
# server.
_PUT: Final = """
local there = redis.pcall('GETRANGE', KEYS[1], 0, 15)
if type(there) == 'string' and #there == 16 and string.byte(there) == 0 then
  local newest, written = struct.unpack('>I8I8', there)
  local my_newest, my_written = struct.unpack('>I8I8', ARGV[1])
  if newest > my_newest or (newest == my_newest and written > my_written) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_DELETE_OLDER: Final = """
local there = redis.pcall('GETRANGE', KEYS[1], 0, 15)
if type(there) == 'string' and #there == 16 and string.byte(there) == 0 then
  local newest, written = struct.unpack('>I8I8', there)
  if written > tonumber(ARGV[1]) then return 0 end
end
return redis.call('DEL', KEYS[1])
"""


def put(pipeline: Any, key: str | bytes, encoded: bytes, ttl_s: int) -> None:  # noqa: ANN401 - of either client
    """The answer is 1, or 0 where a newer value is there.

    :param encoded: :data:`HEAD` and the value.
    """
    pipeline.execute_command("EVAL", _PUT, 1, key, encoded, ttl_s)


def delete_older(pipeline: Any, key: str | bytes, made_ms: int) -> None:  # noqa: ANN401 - as above
    """Deletes a value that was made at ``made_ms`` or before. The answer is 1, or 0 if nothing was deleted."""
    pipeline.execute_command("EVAL", _DELETE_OLDER, 1, key, made_ms)
