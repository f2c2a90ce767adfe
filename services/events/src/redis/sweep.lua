-- returns the reservations that are still held
end_expired(clock())
return redis.call('ZRANGE', 'holds', 0, -1)
