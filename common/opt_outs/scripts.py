"""The atomic operations of the store of opt-outs, as Lua scripts. KEYS: its hash, its changes, its batches.

Their effects depend on keys and arguments only, so replaying the calls gives the same store. Numbers are formatted with
``%.0f``, because Lua would round numbers of more than 14 digits.
"""

_BATCHES_KEPT = 100_000

INIT = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local newest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local seq = math.max(0, math.floor(tonumber(newest[2] or '0')))
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', string.format('%.0f', seq),
           'total', redis.call('ZCARD', KEYS[2]) + ARGV[2], 'token', '')
redis.call('DEL', KEYS[3])
return 1
"""

LOOK = """
local store = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'total', 'token')
if not store[1] then return {} end
local mine = redis.call('XRANGE', KEYS[3], ARGV[1], ARGV[1])
return {store[1], store[2], store[3], store[4] or '', redis.call('ZCARD', KEYS[2]), mine[1] and mine[1][2][2] or ''}
"""

CHANGE = f"""
local store = redis.call('HMGET', KEYS[1], 'seq', 'total')
if not store[1] then return -1 end
local seq, total, changed = tonumber(store[1]), tonumber(store[2]), 0
local now = ARGV[1]
local before = now == '+' and '-' or '+'
for i = 3, #ARGV do
  if not redis.call('ZSCORE', KEYS[2], now .. ARGV[i]) then
    seq, changed = seq + 1, changed + 1
    -- First the write: a full server refuses it, and then nothing has been removed yet.
    redis.call('ZADD', KEYS[2], string.format('%.0f', seq), now .. ARGV[i])
    total = total + 1 - redis.call('ZREM', KEYS[2], before .. ARGV[i])
  end
end
if changed > 0 then
  local text = string.format('%.0f', seq)
  redis.call('HSET', KEYS[1], 'seq', text, 'total', string.format('%.0f', total), 'token', ARGV[2])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', {_BATCHES_KEPT}, text .. '-0', 't', ARGV[2])
end
return changed
"""

EXPECT_MORE = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'total', ARGV[1]) end
return 0
"""

RECOUNT = """
if redis.call('HGET', KEYS[1], 'seq') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'total', redis.call('ZCARD', KEYS[2]))
return 1
"""
