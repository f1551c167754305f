-- The fencing number of a seat's media: kept, or a new one.
-- KEYS 1 generations (hash)   ARGV 1 seconds to keep it, 2 seat, 3 known, 4 'new' or 'keep'
local held = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
local generation = math.max(held, tonumber(ARGV[3]))
if generation == 0 or ARGV[4] == 'new' then
  local time = redis.call('TIME')
  generation = math.max(held + 1, time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f', generation))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return string.format('%.0f', generation)
