-- Puts a value, unless one with a higher number is there (0). Rows that were read later than
-- this value's, by the room's version and then by the clock, win as well (-1).
-- KEYS 1 numbers (hash), 2 the value   ARGV 1 seconds to keep it, 2 version, 3 epoch, 4 began (ms),
-- 5 value, 6 what the rows said, 7 the room's version, 8 when they were read (ms)
local function field(name) return tonumber(redis.call('HGET', KEYS[1], name) or '0') end
if field('put') >= tonumber(ARGV[2]) then return 0 end
local version, read = tonumber(ARGV[7]), tonumber(ARGV[8])
local known_version, known_read = field('room_version'), field('read')
if known_version > version or (known_version == version and known_read > read) then return -1 end
redis.call('HSET', KEYS[1], 'put', ARGV[2], 'epoch', ARGV[3], 'began', ARGV[4], 'facts', ARGV[6],
  'room_version', ARGV[7], 'read', ARGV[8])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[1])
return 1
