--[[
  The heartbeat: the time, the ends of the logs, and whether the layouts in Redis are the caller's. Reading them also keeps
  them from looking idle to an eviction policy.

  KEYS     logs and layout records; in a Cluster all in one hash slot
  ARGV[1]  number of further keys, of other hash slots of the same node; for the variant of the script that may use them
  ARGV[2…] the further keys, then per key of both lists: '' for a log | the caller's layout for a record

  Returns {time in microseconds, per key: last id of the log ('0-0' for an empty one)
  | of a record what layout_in says}
]]
local further = tonumber(ARGV[1])
local time = redis.call('TIME')
local answer = { time[1] .. string.format('%06d', tonumber(time[2])) }

local function look_at(key, own)
  if own ~= '' then return layout_in(key, own, tonumber(time[1])) end
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', '1')
  return last[1] and last[1][1] or '0-0'
end

for i = 1, #KEYS + further do
  local key = KEYS[i] or ARGV[1 + i - #KEYS]
  answer[i + 1] = look_at(key, ARGV[1 + further + i])
end
return answer
