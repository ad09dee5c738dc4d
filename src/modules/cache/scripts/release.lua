--[[
  Gives leases back without a value: the load failed or its result is not stored.

  KEYS     slots, all in one hash slot
  ARGV[1]  channel for wake-ups
  ARGV[2…] per slot: token (16 bytes), name for the wake-up (JSON string)

  Returns the number of leases that were still the caller's
]]
local released, woken = 0, {}

for i, key in ipairs(KEYS) do
  local token, name = ARGV[2 * i], ARGV[2 * i + 1]
  local slot = parse_slot(head_of(key))
  if slot.kind ~= 0 and slot.token == token then
    if slot.kind == LEASE then
      redis.call('DEL', key)
    else
      redis.call('SETRANGE', key, 8, string.rep('\0', 24))
      if has_waiter(slot) then redis.call('SETRANGE', key, 3, string.char(slot.flags - WAITER)) end
    end
    if has_waiter(slot) then woken[#woken + 1] = name end
    released = released + 1
  end
end
wake(ARGV[1], woken)
return released
