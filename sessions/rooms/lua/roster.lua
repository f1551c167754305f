-- Who is connected, at one instant.
local texts = redis.call('HVALS', ROSTER)
return answer({
  outcome = 'done', room_version = counter('room_version'),
  roster = '[' .. table.concat(texts, ',') .. ']',
})
