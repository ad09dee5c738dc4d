-- Prelude of the scripts that end leases: wakes the readers that wait for a slot, by the names they wait under.
local function wake(channel, names)
  if #names == 0 then return end
  redis.call('PUBLISH', channel, '{"pattern":"' .. channel .. '","data":{"v":1,"w":[' .. table.concat(names, ',') .. ']}}')
end
