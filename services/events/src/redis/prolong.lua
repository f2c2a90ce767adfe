-- Before a payment. A hold of the version before has no latest.
-- ARGV: reservation, minimum ms
-- returns {event, quantity, total_cents, remaining ms}, or nothing
local id = ARGV[1]
local now = clock()
end_expired(now)

local ends = redis.call('ZSCORE', 'holds', id)
if not ends then
  return nil
end
local key = 'reservation:' .. id
local hold = redis.call('HMGET', key, 'event_id', 'quantity', 'total_cents', 'latest')
local wanted = now + ARGV[2]
ends = math.max(tonumber(ends), math.min(wanted, tonumber(hold[4] or wanted)))
redis.call('ZADD', 'holds', ends, id)
redis.call('HSET', key, 'paying', 1)
return { hold[1], hold[2], hold[3], ends - now }
