-- Takes a seat's connection away, whichever it is. `bar`: no connection may take it again.
if arg.bar then redis.call('SADD', BARRED, arg.seat) end
local entry = find(arg.seat)
if entry then drop(entry, arg.reason) end
keep()
if entry then return answer({ outcome = 'done' }) end
return answer({ outcome = 'absent' })
