-- ARGV: node, generation, "hold" or "move", seconds to keep. Answers what holds from now on.
-- hold: the node has the room under this generation; a newer record stands.
-- move: from whoever has it under this generation; if that is no longer so, somebody else moved
-- it first and that stands. The clock's floor (microseconds: nothing is lost and placed again
-- within one) keeps generations rising when the store was lost.
local text = redis.call('GET', KEYS[1])
local held = text and cjson.decode(text)
local asked = tonumber(ARGV[2])
local generation = asked
if ARGV[3] == 'move' then
  if held and held.generation > asked then return text end
  local time = redis.call('TIME')
  generation = math.max(asked + 1, time[1] * 1000000 + time[2])
elseif held and held.generation >= asked then
  return text
end
text = string.format('{"node":%s,"generation":%.0f}', cjson.encode(ARGV[1]), generation)
redis.call('SET', KEYS[1], text, 'EX', ARGV[4])
return text
