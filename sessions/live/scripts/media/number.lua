-- A fresh version of what a room wants of the node, and what was known for the newest value.
-- The number is taken before anything is read, so a value with a higher number has read all that
-- a lower one has; the clock's floor keeps numbers rising when this store comes back empty.
-- KEYS 1 numbers (hash)   ARGV 1 seconds to keep it
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = math.max(tonumber(redis.call('HGET', KEYS[1], 'version') or '0') + 1, now)
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return cjson.encode({version = version, now_ms = now,
  epoch = redis.call('HGET', KEYS[1], 'epoch') or '',
  began_ms = tonumber(redis.call('HGET', KEYS[1], 'began') or '0'),
  facts = redis.call('HGET', KEYS[1], 'facts') or ''})
