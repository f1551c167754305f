-- A connection leaves. A late goodbye of a connection that no longer holds the seat changes
-- nothing: it must not take the newer one away.
local entry = find(arg.seat)
if not entry then return answer({ outcome = 'absent' }) end
if not holds(entry) then return answer({ outcome = instead(entry) }) end
drop(entry, arg.reason)
keep()
return answer({ outcome = 'done' })
