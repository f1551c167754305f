-- A seat may be taken again.
redis.call('SREM', BARRED, arg.seat)
return answer({ outcome = 'done' })
