-- A heartbeat. Only the connection that holds the seat renews it. Sweeps for everybody, after
-- its own renewal: a connection whose lease ran out unswept is still there.
local entry = find(arg.seat)
if not entry then
  sweep()
  return answer({ outcome = 'absent' })
end
if not holds(entry) then
  sweep()
  return answer({ outcome = instead(entry) })
end
hold(entry.seat)
if entry.away then
  entry.away = false
  tell(entry)
end
sweep()
keep()
return answer({ outcome = 'done' })
