-- returns {reservation, event, quantity, …}, {key of a held counter, seats, …}: all of one moment
end_expired(clock())

local holds = {}
for _, id in ipairs(redis.call('ZRANGE', 'holds', 0, -1)) do
  local hold = redis.call('HMGET', 'reservation:' .. id, 'event_id', 'quantity')
  table.insert(holds, id)
  table.insert(holds, hold[1] or '0')
  table.insert(holds, hold[2] or '0')
end

local counters = {}
for _, key in ipairs(redis.call('KEYS', 'event:*:held')) do
  table.insert(counters, key)
  table.insert(counters, redis.call('GET', key))
end
return { holds, counters }
