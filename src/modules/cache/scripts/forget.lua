--[[
  Deletes the version of a generation, so that every entry stored under it is invalid.

  KEYS[1]  key of the generation

  Returns 1 | 0 when Redis refuses writes, so that no instance writes entries either
]]
local deleted = redis.pcall('DEL', KEYS[1])
return type(deleted) == 'number' and 1 or 0
