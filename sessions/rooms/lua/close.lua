-- Everybody leaves at once.
for _, text in ipairs(redis.call('HVALS', ROSTER)) do
  drop(cjson.decode(text), arg.reason)
end
redis.call('DEL', BARRED)
keep()
return answer({ outcome = 'done' })
