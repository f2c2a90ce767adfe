-- ARGV: reservation, event, quantity, total_cents, seats in total, seats sold, ttl ms,
--       ms to remember those sold, holds that are among them…
-- returns {1, 0}, or {0, seats available}
local id, event, quantity = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock()
end_expired(now)
if #ARGV > 8 then
  for index = 9, #ARGV do
    end_hold(ARGV[index], 'sold')
  end
  remember_sold(event, ARGV[6], ARGV[8])
end

local held = tonumber(redis.call('GET', 'event:' .. event .. ':held') or 0)
local sold = math.max(tonumber(ARGV[6]), tonumber(redis.call('GET', 'event:' .. event .. ':sold') or 0))
local available = tonumber(ARGV[5]) - sold - held
if available < quantity then
  return { 0, math.max(available, 0) }
end

redis.call('HSET', 'reservation:' .. id, 'event_id', event, 'quantity', quantity, 'total_cents', ARGV[4])
redis.call('ZADD', 'holds', now + ARGV[7], id)
redis.call('INCRBY', 'event:' .. event .. ':held', quantity)
return { 1, 0 }
