-- Who is connected, at one instant.
local texts = redis.call('HVALS', ROSTER)
return answer({
  outcome = 'done', room_version = counter('room_version'), owed = redis.call('XLEN', OWED),
  told = redis.call('HGET', STATE, 'told') or '',
  roster = '[' .. table.concat(texts, ',') .. ']',
})
