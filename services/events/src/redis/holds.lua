-- Shared by all scripts; each of them is this text followed by its own.
--
--   holds               sorted set: reservation id by the time it ends, in ms of Redis' own clock
--   reservation:<id>    hash: event_id, quantity, total_cents
--   event:<id>:held     seats held: the sum of the event's reservations
--   event:<id>:sold     seats sold, as the latest sale saw them; forgotten after a minute

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function drop(id)
  local key = 'reservation:' .. id
  local event, quantity = unpack(redis.call('HMGET', key, 'event_id', 'quantity'))
  redis.call('ZREM', 'holds', id)
  redis.call('DEL', key)
  if event and redis.call('DECRBY', 'event:' .. event .. ':held', quantity) <= 0 then
    redis.call('DEL', 'event:' .. event .. ':held')
  end
end

local function drop_expired(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'holds', '-inf', now)) do
    drop(id)
  end
end

