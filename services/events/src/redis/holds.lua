-- Shared by all scripts; each of them is this text followed by its own.
--
--   holds               sorted set: reservation id by the time it ends, in ms of Redis' own clock
--   reservation:<id>    hash: event_id, quantity, total_cents, latest (the hold is not prolonged past it), paying (once a payment
--                       has begun); once it is over also ended, for an hour. Only ended if it was taken back before it came
--   event:<id>:held     seats held: the sum of the event's reservations
--   event:<id>:sold     seats sold, as the latest sale saw them; forgotten after a minute

local MEMORY_S = 3600

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function end_hold(id, how)
  if redis.call('ZREM', 'holds', id) == 0 then
    return 0
  end
  local key = 'reservation:' .. id
  local hold = redis.call('HMGET', key, 'event_id', 'quantity')
  local held = 'event:' .. hold[1] .. ':held'
  if redis.call('DECRBY', held, hold[2]) <= 0 then
    redis.call('DEL', held)
  end
  redis.call('HSET', key, 'ended', how)
  redis.call('EXPIRE', key, MEMORY_S)
  return 1
end

local function end_expired(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'holds', '-inf', now)) do
    end_hold(id, 'expired')
  end
end

-- A later reservation may have read PostgreSQL before the sale of a hold that has ended meanwhile.
local function remember_sold(event, seats, memory_ms)
  local key = 'event:' .. event .. ':sold'
  if tonumber(seats) > tonumber(redis.call('GET', key) or 0) then
    redis.call('SET', key, seats, 'PX', memory_ms)
  end
end
