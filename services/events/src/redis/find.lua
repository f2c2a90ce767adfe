-- ARGV: reservation
-- returns {event, quantity, total_cents, remaining ms, how it ended or ''}, or nothing
local now = clock()
end_expired(now)

local hold = redis.call('HMGET', 'reservation:' .. ARGV[1], 'event_id', 'quantity', 'total_cents', 'ended')
if not hold[1] then
  return nil
end
local ends = redis.call('ZSCORE', 'holds', ARGV[1])
return { hold[1], hold[2], hold[3], ends and ends - now or 0, hold[4] or '' }
