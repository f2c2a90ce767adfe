-- ARGV: reservation, event, seats sold, ms to remember them
end_hold(ARGV[1], 'sold')
end_expired(clock())
remember_sold(ARGV[2], ARGV[3], ARGV[4])
return nil
