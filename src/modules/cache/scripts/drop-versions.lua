--[[
  Removes versions that one load alone used, and that it stored nothing under.

  KEYS  keys of tags and generations, all in one hash slot
  ARGV  per key: the version (24 characters)

  Returns the number of keys that were removed
]]
local removed = 0
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i] .. MARK then removed = removed + redis.call('DEL', key) end
end
return removed
