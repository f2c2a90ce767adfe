-- ARGV: reservation
-- returns 1 when it was held
end_expired(clock())
return end_hold(ARGV[1], 'released')
