-- An event that was made elsewhere.

-- What was published last of the room or of a part of it; the newer version counts.
local function newest(field, payload)
  local known = redis.call('HGET', STATE, field)
  if known and (cjson.decode(known).version or 0) > arg.version then return end
  redis.call('HSET', STATE, field, payload)
end

local seq = write({
  kind = arg.kind, audience = arg.audience, subject = arg.subject, connection = '',
  reason = arg.reason, version = arg.version,
}, ARGV[2])
if arg.room_version > counter('room_version') then
  redis.call('HSET', STATE, 'room_version', string.format('%.0f', arg.room_version))
end
if arg.kind == 'room.changed' then newest('published', ARGV[2]) end
if arg.kind == 'part.changed' then newest('part:' .. arg.subject, ARGV[2]) end
if arg.kind == 'me.changed' then
  local allowed = cjson.decode(ARGV[2]).microphone_allowed
  newest_row(arg.subject, { version = arg.version, microphone_allowed = allowed })
end
keep()
return answer({ outcome = 'done' })
