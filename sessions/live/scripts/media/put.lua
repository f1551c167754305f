-- Puts a value (1), unless the one that is there has a higher number, and rows that are not older
-- (0). Where one of the two has the higher number and the other one the later rows (by the room's
-- version, then by the clock) nothing is put, and the caller tries again (-1).
-- KEYS 1 numbers (hash), 2 the value   ARGV 1 seconds to keep it, 2 version, 3 epoch, 4 began (ms),
-- 5 value, 6 what the rows said, 7 the room's version, 8 when they were read (ms)
local function field(name) return tonumber(redis.call('HGET', KEYS[1], name) or '0') end
local function later(version, read, than_version, than_read)
  return version > than_version or (version == than_version and read > than_read)
end
local version, read = tonumber(ARGV[7]), tonumber(ARGV[8])
local there_version, there_read = field('room_version'), field('read')
local overtaken = field('put') >= tonumber(ARGV[2])
if overtaken and not later(version, read, there_version, there_read) then return 0 end
if overtaken or later(there_version, there_read, version, read) then return -1 end
redis.call('HSET', KEYS[1], 'put', ARGV[2], 'epoch', ARGV[3], 'began', ARGV[4], 'facts', ARGV[6],
  'room_version', ARGV[7], 'read', ARGV[8])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[1])
return 1
