-- ARGV: reservation, minimum ms
-- returns {event, quantity, total_cents, remaining ms}, or nothing
local id = ARGV[1]
local now = clock()
end_expired(now)

local ends = redis.call('ZSCORE', 'holds', id)
if not ends then
  return nil
end
ends = math.max(tonumber(ends), now + ARGV[2])
redis.call('ZADD', 'holds', ends, id)
local hold = redis.call('HMGET', 'reservation:' .. id, 'event_id', 'quantity', 'total_cents')
return { hold[1], hold[2], hold[3], ends - now }
