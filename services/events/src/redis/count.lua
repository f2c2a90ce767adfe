-- returns how many reservations are held
drop_expired(clock())
return redis.call('ZCARD', 'holds')
