--[[
  Writes the caller's layout where no other one is in use.

  KEYS[1]  layout record
  ARGV[1]  the caller's layout

  Returns '' when the record is the caller's now, or can't be written now | the layout in use
]]
local now_seconds = tonumber(redis.call('TIME')[1])
local found = layout_in(KEYS[1], ARGV[1], now_seconds)
if found ~= 'vacant' and found ~= 'renew' then return found end
redis.pcall('SET', KEYS[1], ARGV[1] .. '@' .. now_seconds)
return ''
