-- Of a reservation whose answer was lost: no client knows its id, so none can have paid it. It must not hold seats, neither
-- now nor when its own script comes later. One that is being paid was answered after all, and stays.
-- It is remembered for ten minutes: longer than a process is frozen and still wakes up.
-- ARGV: reservations…
for _, id in ipairs(ARGV) do
  local key = 'reservation:' .. id
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'ended', 'released')
    redis.call('EXPIRE', key, 600)
  elseif redis.call('HEXISTS', key, 'paying') == 0 then
    end_hold(id, 'released')
  end
end
return nil
