--[[
  Current versions of tags and generations, made where they are missing (never set, evicted, lost).

  KEYS  keys of tags and generations, all in one hash slot
  ARGV  per key: a version never used before

  Returns per key: the version | nil when it is missing and can't be written now
]]
local versions = {}
for i, key in ipairs(KEYS) do
  local version = redis.call('GET', key)
  if not version or #version ~= 24 then
    local written = redis.pcall('SET', key, ARGV[i])
    version = written.ok and ARGV[i] or false
  end
  versions[i] = version
end
return versions
