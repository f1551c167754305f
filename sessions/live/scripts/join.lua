-- The newest connection of a person takes the seat. What it replaces is told so (its own
-- consumer reads the stream too), and what others see is one change, never a leave.
if redis.call('SISMEMBER', BARRED, arg.seat) == 1 then
  return answer({ outcome = 'barred' })
end
sweep()
local old = find(arg.seat)
local row = newest_row(arg.seat, {
  version = arg.seat_version, microphone_allowed = arg.microphone_allowed, staff = arg.staff,
})
local same = old and old.connection == arg.connection
if old and not same and arg.claim > 0 and old.claim > arg.claim then
  return answer({ outcome = 'superseded' })
end
local entry = {
  seat = arg.seat, connection = arg.connection, generation = next_generation(),
  place = arg.place, staff = arg.staff, microphone = arg.microphone and row.microphone_allowed,
  microphone_allowed = row.microphone_allowed, camera = arg.camera,
  away = false,
  since_ms = old and old.place == arg.place and old.since_ms or now,
  waiting = arg.waiting, late = arg.late, version = 0,
}
-- What the node said of the media of before holds for a page that comes back to it.
local before = not arg.new and old or {}
for _, kind in ipairs({ 'audio', 'video' }) do
  entry[kind] = arg[kind]
  if entry[kind] == nil then entry[kind] = before[kind] end
end
entry.claim = arg.claim > 0 and arg.claim or entry.generation
if old and not same then
  local seq = write({
    kind = 'connection.replaced', audience = 'nobody', subject = old.seat,
    connection = old.connection, reason = 'replaced', version = 0,
  }, '{}')
  if old.place == 'room' then mark(seq, 'leave', old, 'replaced') end
end
if old and old.place ~= entry.place then
  local seq = tell_left(old, 'moved')
  if same and old.place == 'room' then mark(seq, 'leave', old, 'moved') end
end
hold(entry.seat)
if arg.pass ~= '' then
  redis.call('HSET', PASSES, entry.seat, arg.pass)
else
  redis.call('HDEL', PASSES, entry.seat)
end
local seq = tell(entry)
if entry.place == 'room' and not (same and old.place == 'room') then
  mark(seq, 'join', entry, '')
end
keep()
local replaced = ''
if old and not same then replaced = old.connection end
return answer({ outcome = 'joined', generation = entry.generation, replaced = replaced })
