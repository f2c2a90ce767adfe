-- returns the reservations that are still held
drop_expired(clock())
return redis.call('ZRANGE', 'holds', 0, -1)
