-- Keeps a value, unless one as new or an invalidation stands in its way.
-- KEYS: the value, its floor, the floor of the whole cache. ARGV: version, value, when it ends (ms of Redis's clock).
local mine = ARGV[1]
local others = {
  redis.call('getrange', KEYS[1], 0, 50),
  redis.call('get', KEYS[2]) or '',
  redis.call('get', KEYS[3]) or '',
}
-- A replica hears of a promotion before it has replayed all that came before it.
local function newer(one, other)
  local replayed = string.sub(one, 51, 51) == '0' or string.sub(one, 31, 50) >= string.sub(other, 31, 50)
  return string.sub(one, 1, 20) == string.sub(other, 1, 20) and replayed and one > other
end
for _, other in ipairs(others) do
  if other ~= '' and not newer(mine, other) then
    return 0
  end
end
redis.call('set', KEYS[1], ARGV[2], 'pxat', ARGV[3])
return 1
