--[[
  Prelude of the scripts that invalidate: appends to the log and announces it.

  The announcement is a Nest event: {"pattern":channel,"data":{"v":1,"p":partition,"id":id,"prev":previous,"b":body}}.
  `previous` is the id of the entry before it, so that a receiver sees whether it missed one.
]]
local function announce(log, body, channel, partition, length)
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')
  local previous = '0-0'
  if last[1] then previous = last[1][1] end
  local id = redis.call('XADD', log, 'MAXLEN', '~', length, '*', 'p', previous, 'b', body)
  redis.call('PUBLISH', channel, '{"pattern":"' .. channel .. '","data":{"v":1,"p":' .. partition .. ',"id":"' .. id
    .. '","prev":"' .. previous .. '","b":' .. body .. '}}')
  return id, previous
end
