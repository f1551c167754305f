-- What staff did that no row holds yet, oldest first. What is written up to (`seen_epoch`,
-- `after`) goes now.
if arg.seen_epoch == epoch and arg.after > 0 then
  redis.call('XTRIM', OWED, 'MINID', string.format('%.0f', arg.after + 1) .. '-0')
end
local owed = {}
for index, item in ipairs(redis.call('XRANGE', OWED, '-', '+', 'COUNT', arg.limit)) do
  local number = string.match(item[1], '^%d+')
  owed[index] = '{"number":' .. number .. ',"owed":' .. item[2][2] .. '}'
end
return answer({ outcome = 'done', owed = '[' .. table.concat(owed, ',') .. ']' })
