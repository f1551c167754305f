-- Live fields of one seat. `connection` empty: staff's doing, whoever holds the seat.
local entry = find(arg.seat)
if not entry then return answer({ outcome = 'absent' }) end
if arg.connection ~= '' and not holds(entry) then return answer({ outcome = instead(entry) }) end
local fields = arg.fields
if fields.microphone_allowed ~= nil and arg.seat_version then
  local row = { version = arg.seat_version, microphone_allowed = fields.microphone_allowed }
  fields.microphone_allowed = newest_row(arg.seat, row).microphone_allowed
end
local changed = false
for field, value in pairs(fields) do
  if entry[field] ~= value then
    entry[field] = value
    changed = true
  end
end
if not changed then return answer({ outcome = 'unchanged' }) end
tell(entry)
keep()
return answer({ outcome = 'done' })
