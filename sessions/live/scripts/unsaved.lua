-- What staff did that no row holds yet, oldest first. What is written up to (`seen_epoch`,
-- `after`) goes now.
if arg.seen_epoch == epoch and arg.after > 0 then
  redis.call('XTRIM', UNSAVED, 'MINID', string.format('%.0f', arg.after + 1) .. '-0')
end
local unsaved = {}
for index, item in ipairs(redis.call('XRANGE', UNSAVED, '-', '+', 'COUNT', arg.limit)) do
  local number = string.match(item[1], '^%d+')
  unsaved[index] = '{"number":' .. number .. ',"unsaved":' .. item[2][2] .. '}'
end
return answer({ outcome = 'done', unsaved = '[' .. table.concat(unsaved, ',') .. ']' })
