-- Takes requests out of a caller's quota: the generic cell rate algorithm, with one number per caller, the time at which
-- its whole quota is there again. KEYS: that number. ARGV: microseconds that a request costs, the quota, how many are wanted.
-- Answers how many were granted, how many remain, and the microseconds until one is granted or, if some were, until all
-- are there again. The clock is Redis's own, so that gateways with other clocks count alike.
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local cost, quota, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('get', KEYS[1]) or '0'), now)
if full > now + quota * cost then
  -- Written by a Redis that was the primary before this one, and whose clock was ahead: nobody pays for that.
  full = now + quota * cost
  redis.call('set', KEYS[1], string.format('%.0f', full), 'px', math.ceil((full - now) / 1000))
end
local room = math.floor((now + quota * cost - full) / cost)
local granted = math.max(math.min(room, wanted), 0)
if granted == 0 then
  return { 0, 0, full + cost - (now + quota * cost) }
end
full = full + granted * cost
redis.call('set', KEYS[1], string.format('%.0f', full), 'px', math.ceil((full - now) / 1000))
return { granted, room - granted, full - now }
