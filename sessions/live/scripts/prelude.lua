-- Shared by every script: the room's keys, Redis's own clock, one way to write an event.
--
-- KEYS  1 state (hash)   epoch, seq, generation, room_version
--       2 roster (hash)  seat -> JSON of who is connected there
--       3 lease (zset)   seat -> instant (ms) at which the lease runs out
--       4 stream         id <seq>-0: what browsers are told
--       5 marks          id <seq>-0: the joins and leaves that attendance is computed from
--       6 barred (set)   seats that may not join
--       7 seats (hash)   seat -> JSON of what was told last of its row
--       8 unsaved           id <number>-0: what staff did while no row could be written
--       9 passes (hash)  seat -> digest of the login session of the connection that holds it
-- ARGV  1 JSON: limits (lease_ms, away_ms, keep_s, stream_length, marks_length), epoch (a
--         candidate), clock_ms (tests only; absent: Redis's own clock), and the arguments
--       2 a payload that is stored as it came (cjson would turn an empty list into a map)
-- The answer is one JSON text.

local STATE, ROSTER, LEASE, STREAM, MARKS, BARRED, SEATS, UNSAVED, PASSES =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local arg = cjson.decode(ARGV[1])

local function clock()
  if arg.clock_ms then return arg.clock_ms end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local now = clock()

-- The room's state begins with a new epoch; nothing written under an older one is left then.
if redis.call('HSETNX', STATE, 'epoch', arg.epoch) == 1 then
  redis.call('EXPIRE', STATE, arg.keep_s)
end
local epoch = redis.call('HGET', STATE, 'epoch')

local function counter(field)
  return tonumber(redis.call('HGET', STATE, field) or '0')
end
local seq_before = counter('seq')

local function keep()
  for index = 1, #KEYS do redis.call('EXPIRE', KEYS[index], arg.keep_s) end
end

-- Rises with every connection, and across the loss of this store as well: never below the clock.
local function next_generation()
  local generation = math.max(counter('generation') + 1, now)
  redis.call('HSET', STATE, 'generation', string.format('%.0f', generation))
  return generation
end

local function find(seat)
  local text = redis.call('HGET', ROSTER, seat)
  if text then return cjson.decode(text) end
  return nil
end

local function put(entry)
  redis.call('HSET', ROSTER, entry.seat, cjson.encode(entry))
end

local function row_of(seat)
  local text = redis.call('HGET', SEATS, seat)
  if text then return cjson.decode(text) end
  return nil
end

-- Two verbs, or a verb and somebody's return, may arrive in another order than their rows were
-- written: the newer row counts.
local function newest_row(seat, row)
  local known = row_of(seat)
  if known and known.version > row.version then return known end
  if row.staff == nil and known then row.staff = known.staff end
  redis.call('HSET', SEATS, seat, cjson.encode(row))
  return row
end

local function hold(seat)
  redis.call('ZADD', LEASE, string.format('%.0f', now + arg.lease_ms), seat)
end

local function write(head, payload)
  local seq = redis.call('HINCRBY', STATE, 'seq', 1)
  head.at_ms = now
  if head.version == 0 then head.version = seq end
  redis.call('XADD', STREAM, 'MAXLEN', '~', arg.stream_length, seq .. '-0',
    'head', cjson.encode(head), 'payload', payload)
  return seq
end

-- A connection came into the room, or left it.
local function mark(seq, kind, entry, reason)
  redis.call('XADD', MARKS, 'MAXLEN', '~', arg.marks_length, seq .. '-0', 'mark', cjson.encode({
    at_ms = now, kind = kind, seat = entry.seat, connection = entry.connection, reason = reason,
  }))
end

local CHANGED = { room = 'participant.changed', lobby = 'waiting.changed' }
local LEFT = { room = 'participant.left', lobby = 'waiting.left' }
local HEARERS = { room = 'room', lobby = 'staff' }

-- Tells what `entry` is now; its version is the number of the event that tells it.
local function tell(entry)
  entry.version = counter('seq') + 1
  put(entry)
  return write({
    kind = CHANGED[entry.place], audience = HEARERS[entry.place], subject = entry.seat,
    connection = entry.connection, reason = '', version = entry.version,
  }, cjson.encode(entry))
end

local function tell_left(entry, reason)
  return write({
    kind = LEFT[entry.place], audience = HEARERS[entry.place], subject = entry.seat,
    connection = entry.connection, reason = reason, version = 0,
  }, '{}')
end

local function drop(entry, reason)
  redis.call('HDEL', ROSTER, entry.seat)
  redis.call('ZREM', LEASE, entry.seat)
  redis.call('HDEL', PASSES, entry.seat)
  local seq = tell_left(entry, reason)
  if entry.place == 'room' then mark(seq, 'leave', entry, reason) end
end

-- Whoever was silent for the whole lease is gone; whoever missed a beat is waited for.
local function sweep()
  for _, seat in ipairs(redis.call('ZRANGEBYSCORE', LEASE, '-inf', now)) do
    local entry = find(seat)
    if entry then drop(entry, 'lost') else redis.call('ZREM', LEASE, seat) end
  end
  local silent_since = now + arg.lease_ms - arg.away_ms
  for _, seat in ipairs(redis.call('ZRANGEBYSCORE', LEASE, '-inf', silent_since)) do
    local entry = find(seat)
    if entry and not entry.away then
      entry.away = true
      tell(entry)
    end
  end
end

local function holds(entry)
  return entry and entry.connection == arg.connection and entry.generation == arg.generation
end

-- What somebody who does not hold the seat is told. Of two connections the one that came later
-- counts (`claim` is when, also after this store was lost and they registered in another order):
-- the earlier one is superseded, the later one has to register again.
local function instead(entry)
  return entry.claim > arg.generation and 'superseded' or 'absent'
end

local function answer(result)
  result.epoch = epoch
  result.seq = counter('seq')
  result.wrote = result.seq > seq_before
  result.now_ms = now
  return cjson.encode(result)
end
