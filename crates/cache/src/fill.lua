-- Keeps a value, unless one as new or an invalidation stands in its way.
-- KEYS: the value, its floor, the floor of the whole cache. ARGV: version, value, when it ends (ms of Redis's clock).
local mine = ARGV[1]
local others = {
  redis.call('getrange', KEYS[1], 0, 50),
  redis.call('get', KEYS[2]) or '',
  redis.call('get', KEYS[3]) or '',
}
for _, other in ipairs(others) do
  if other ~= '' and not (string.sub(mine, 1, 20) == string.sub(other, 1, 20) and mine > other) then
    return 0
  end
end
redis.call('set', KEYS[1], ARGV[2], 'pxat', ARGV[3])
return 1
