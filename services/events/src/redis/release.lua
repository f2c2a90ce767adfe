-- ARGV: reservation
-- returns 1 when it was held
drop_expired(clock())
local held = redis.call('ZSCORE', 'holds', ARGV[1])
drop(ARGV[1])
return held and 1 or 0
