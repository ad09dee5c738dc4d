--[[
  Prolongs leases of a load that takes long.

  KEYS     slots, all in one hash slot
  ARGV[1]  lease, ms from now
  ARGV[2…] token per slot (16 bytes)

  Returns the number of leases that were still the caller's
]]
local lease_ms = tonumber(ARGV[1])
local now, renewed = now_ms(), 0

for i, key in ipairs(KEYS) do
  local slot = parse_slot(head_of(key))
  if slot.kind ~= 0 and slot.token == ARGV[i + 1] then
    if slot.kind == ENTRY then redis.call('SETRANGE', key, 24, struct.pack('<d', now + lease_ms)) end
    local left = redis.call('PTTL', key)
    if left >= 0 and left < lease_ms then redis.call('PEXPIRE', key, lease_ms) end
    renewed = renewed + 1
  end
end
return renewed
