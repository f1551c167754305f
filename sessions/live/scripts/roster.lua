-- Who is connected, at one instant.
local texts = redis.call('HVALS', ROSTER)
return answer({
  outcome = 'done', room_version = counter('room_version'), unsaved = redis.call('XLEN', UNSAVED),
  published = redis.call('HGET', STATE, 'published') or '',
  roster = '[' .. table.concat(texts, ',') .. ']',
})
