-- Whose seat a login session holds here now, while no row can say who it is.
sweep()
local passes = redis.call('HGETALL', PASSES)
for index = 1, #passes, 2 do
  local entry = passes[index + 1] == arg.pass and find(passes[index])
  if entry then
    local row = row_of(entry.seat)
    return answer({
      outcome = 'done', entry = cjson.encode(entry), seat_version = row and row.version or 0,
    })
  end
end
return answer({ outcome = 'absent' })
