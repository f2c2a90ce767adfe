-- ARGV: reservation, event, seats sold, ms to remember them
end_hold(ARGV[1], 'sold')
end_expired(clock())

local key = 'event:' .. ARGV[2] .. ':sold'
if tonumber(ARGV[3]) > tonumber(redis.call('GET', key) or 0) then
  redis.call('SET', key, ARGV[3], 'PX', ARGV[4])
end
return nil
