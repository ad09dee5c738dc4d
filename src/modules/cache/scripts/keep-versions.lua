--[[
  Keeps versions for entries of another hash slot.

  KEYS     keys of tags and generations, all in one hash slot
  ARGV     per key: the version (24 characters), how long it is kept in ms ('0': for ever), '1' if one load alone uses it

  Returns per key: 1 kept | 0 the version was lost or replaced
]]
local results = {}
for i, key in ipairs(KEYS) do
  results[i] = keep_version(key, ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i] == '1') and 1 or 0
end
return results
