-- Who is connected, at one instant.
local texts = redis.call('HVALS', ROSTER)
local parts = {}
for _, name in ipairs(arg.parts) do
  local text = redis.call('HGET', STATE, 'part:' .. name)
  if text then parts[#parts + 1] = text end
end
return answer({
  outcome = 'done', room_version = counter('room_version'), unsaved = redis.call('XLEN', UNSAVED),
  published = redis.call('HGET', STATE, 'published') or '',
  parts = '[' .. table.concat(parts, ',') .. ']',
  roster = '[' .. table.concat(texts, ',') .. ']',
})
