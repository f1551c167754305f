-- What was written after `after`, or that it cannot be told any more: another epoch, trimmed
-- away, or more than `limit` entries behind.
local last = counter('seq')
if arg.seen_epoch ~= epoch or arg.after > last or last - arg.after > arg.limit then
  return answer({ outcome = 'gap' })
end
local found = redis.call('XRANGE', STREAM, '(' .. string.format('%.0f', arg.after) .. '-0', '+')
if #found ~= last - arg.after then return answer({ outcome = 'gap' }) end
local entries = {}
for index, item in ipairs(found) do
  local seq = string.match(item[1], '^%d+')
  entries[index] = '{"seq":' .. seq .. ',"head":' .. item[2][2] .. ',"payload":' .. item[2][4] .. '}'
end
return answer({ outcome = 'done', entries = '[' .. table.concat(entries, ',') .. ']' })
