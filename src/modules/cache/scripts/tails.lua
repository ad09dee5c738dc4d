--[[
  The time and the end of the logs: the heartbeat. Reading them also keeps them from looking idle to an eviction policy.

  KEYS  logs; in a Cluster all in one hash slot

  Returns {time in microseconds, last id ('0-0' for an empty log)…}
]]
local time = redis.call('TIME')
local answer = { time[1] .. string.format('%06d', tonumber(time[2])) }
for i, log in ipairs(KEYS) do
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')
  answer[i + 1] = last[1] and last[1][1] or '0-0'
end
return answer
