-- ARGV: reservation, event, quantity, total_cents, seats in total, seats sold, ttl ms, ms that it may be prolonged past them,
--       ms to remember those sold, Redis' time after which it must not hold any more, holds that are among those sold…
-- returns {'held', ms that it lasts, now}, {'sold_out', seats available, now}, {'late', 0, now} or {'ended', 0, now}
local id, event, quantity = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = clock()
if now > tonumber(ARGV[10]) then
  return { 'late', 0, now }
end
end_expired(now)
if #ARGV > 10 then
  for index = 11, #ARGV do
    end_hold(ARGV[index], 'sold')
  end
  remember_sold(event, ARGV[6], ARGV[9])
end

-- asked for a second time, or taken back before it came
if redis.call('EXISTS', 'reservation:' .. id) == 1 then
  local ends = redis.call('ZSCORE', 'holds', id)
  local before = redis.call('HMGET', 'reservation:' .. id, 'event_id', 'quantity')
  if ends and before[1] == event and before[2] == ARGV[3] then
    return { 'held', ends - now, now }
  end
  return { 'ended', 0, now }
end

local held = tonumber(redis.call('GET', 'event:' .. event .. ':held') or 0)
local sold = math.max(tonumber(ARGV[6]), tonumber(redis.call('GET', 'event:' .. event .. ':sold') or 0))
local available = tonumber(ARGV[5]) - sold - held
if available < quantity then
  return { 'sold_out', math.max(available, 0), now }
end

local ends = now + ARGV[7]
redis.call('HSET', 'reservation:' .. id, 'event_id', event, 'quantity', quantity, 'total_cents', ARGV[4], 'latest', ends + ARGV[8])
redis.call('ZADD', 'holds', ends, id)
redis.call('INCRBY', 'event:' .. event .. ':held', quantity)
return { 'held', tonumber(ARGV[7]), now }
