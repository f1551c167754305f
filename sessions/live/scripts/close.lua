-- Everybody leaves at once. Who was removed stays out, also of a room that is opened again.
for _, text in ipairs(redis.call('HVALS', ROSTER)) do
  drop(cjson.decode(text), arg.reason)
end
keep()
return answer({ outcome = 'done' })
