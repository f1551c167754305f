-- From the door into the room, or back; whoever holds the seat.
local entry = find(arg.seat)
if not entry then return answer({ outcome = 'absent' }) end
if entry.place == arg.place then return answer({ outcome = 'unchanged' }) end
local left = tell_left(entry, arg.reason)
if entry.place == 'room' then mark(left, 'leave', entry, arg.reason) end
entry.place = arg.place
entry.since_ms = now
entry.waiting = arg.waiting
entry.late = arg.late
local seq = tell(entry)
if entry.place == 'room' then mark(seq, 'join', entry, '') end
keep()
return answer({ outcome = 'done' })
