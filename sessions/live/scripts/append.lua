-- An event that was made elsewhere.
local seq = write({
  kind = arg.kind, audience = arg.audience, subject = arg.subject, connection = '',
  reason = arg.reason, version = arg.version,
}, ARGV[2])
if arg.kind == 'room.changed' and arg.version >= counter('room_version') then
  redis.call('HSET', STATE, 'room_version', string.format('%.0f', arg.version), 'published', ARGV[2])
end
if arg.kind == 'me.changed' then
  local allowed = cjson.decode(ARGV[2]).microphone_allowed
  newest_row(arg.subject, { version = arg.version, microphone_allowed = allowed })
end
keep()
return answer({ outcome = 'done' })
