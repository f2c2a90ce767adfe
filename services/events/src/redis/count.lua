-- returns how many reservations are held
end_expired(clock())
return redis.call('ZCARD', 'holds')
