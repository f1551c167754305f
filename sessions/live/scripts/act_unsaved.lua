-- What staff did while no row could be written: done to the live state now, and kept until it is
-- written. `effect` (`microphone`, with `allowed`, or `bar`) says what it is. Only for the connection
-- that holds a seat of the staff, in the room; the versions are those that the rows will have.
local actor = find(arg.by)
if not (actor and actor.staff and actor.place == 'room' and holds(actor)) then
  return answer({ outcome = 'not_staff' })
end
local row = row_of(arg.seat)
local entry = find(arg.seat)
local barred = redis.call('SISMEMBER', BARRED, arg.seat) == 1
if not row then return answer({ outcome = 'absent' }) end
if arg.effect == 'bar' and row.staff then return answer({ outcome = 'staff' }) end
if arg.effect ~= 'bar' and not (entry and entry.place == 'room') then
  return answer({ outcome = 'absent' })
end
if redis.call('XLEN', UNSAVED) >= arg.unsaved_length then return answer({ outcome = 'full' }) end

local function tell_owner(seat)
  row.version = row.version + 1
  newest_row(arg.seat, row)
  write({
    kind = 'me.changed', audience = 'seat', subject = arg.seat, connection = '',
    reason = arg.reason, version = row.version,
  }, cjson.encode({ seat = seat, microphone_allowed = row.microphone_allowed }))
end

-- What is so already is done, and audited, all the same; nobody is told.
if arg.effect == 'bar' and not barred then
  redis.call('SADD', BARRED, arg.seat)
  tell_owner('removed')
  if entry then drop(entry, arg.reason_left) end
elseif arg.effect == 'microphone' and row.microphone_allowed ~= arg.allowed then
  row.microphone_allowed = arg.allowed
  entry.microphone_allowed = arg.allowed
  tell_owner('admitted')
  tell(entry)
end
local number = redis.call('HINCRBY', STATE, 'unsaved', 1)
redis.call('XADD', UNSAVED, string.format('%.0f', number) .. '-0', 'unsaved', cjson.encode({
  verb = arg.verb, seat = arg.seat, by = arg.by, at_ms = now, version = row.version,
}))
keep()
return answer({ outcome = 'done' })
