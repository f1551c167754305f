-- What time alone changes.
sweep()
local staffed = false
for _, text in ipairs(redis.call('HVALS', ROSTER)) do
  local entry = cjson.decode(text)
  if entry.staff and entry.place == 'room' then staffed = true end
end
return answer({
  outcome = 'done', room_version = counter('room_version'), staffed = staffed,
  marks = redis.call('XLEN', MARKS), unsaved = redis.call('XLEN', UNSAVED),
})
