-- Raises a floor and drops the value that is not above it.
-- KEYS: the floor, and the value if it is about one. ARGV: version, its life in ms, the version that forbids all.
local floor = ARGV[1]
local other = redis.call('get', KEYS[1])
if other then
  if string.sub(floor, 1, 20) ~= string.sub(other, 1, 20) then
    floor = ARGV[3]
  elseif other > floor then
    floor = other
  end
end
redis.call('set', KEYS[1], floor, 'px', ARGV[2])
if KEYS[2] then
  local value = redis.call('getrange', KEYS[2], 0, 50)
  -- A replica hears of a promotion before it has replayed all that came before it.
  local replayed = string.sub(value, 51, 51) == '0' or string.sub(value, 31, 50) >= string.sub(floor, 31, 50)
  if value ~= '' and not (string.sub(value, 1, 20) == string.sub(floor, 1, 20) and replayed and value > floor) then
    redis.call('del', KEYS[2])
  end
end
return 1
