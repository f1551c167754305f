-- Joins and leaves that no row holds yet. Those up to (`seen_epoch`, `after`) are written:
-- they go now, so that what is left is what still has to be written.
local after = 0
if arg.seen_epoch == epoch then after = arg.after end
if after > 0 then
  redis.call('XTRIM', MARKS, 'MINID', string.format('%.0f', after + 1) .. '-0')
end
local found = redis.call('XRANGE', MARKS, '(' .. string.format('%.0f', after) .. '-0', '+',
  'COUNT', arg.limit)
local marks = {}
for index, item in ipairs(found) do
  local seq = string.match(item[1], '^%d+')
  marks[index] = '{"seq":' .. seq .. ',"mark":' .. item[2][2] .. '}'
end
return answer({ outcome = 'done', marks = '[' .. table.concat(marks, ',') .. ']' })
