-- An event that was made elsewhere.
local seq = write({
  kind = arg.kind, audience = arg.audience, subject = arg.subject, connection = '',
  reason = arg.reason, version = arg.version,
}, ARGV[2])
if arg.kind == 'room.changed' and arg.version > counter('room_version') then
  redis.call('HSET', STATE, 'room_version', string.format('%.0f', arg.version))
end
keep()
return answer({ outcome = 'done' })
