--[[
  Writes values where the lease is still the caller's.

  KEYS     slots, all in one hash slot
  ARGV[1]  channel for wake-ups
  ARGV[2…] per slot: token (16 bytes), ttl in ms (0: none), entry bytes, name for the wake-up (JSON string)

  Returns per slot: 1 stored | 0 the lease was lost: deleted, overwritten, expired, evicted or taken over
]]
local results, woken = {}, {}

for i, key in ipairs(KEYS) do
  local token, ttl, bytes, name = ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i], ARGV[4 * i + 1]
  local head = head_of(key)
  local is_held, is_awaited = head == bare_lease(token), false
  if not is_held then
    local slot = parse_slot(head)
    is_held, is_awaited = slot.kind ~= 0 and slot.token == token, has_waiter(slot)
  end
  if is_held then
    if ttl == '0' then redis.call('SET', key, bytes) else redis.call('SET', key, bytes, 'PX', ttl) end
    if is_awaited then woken[#woken + 1] = name end
    results[i] = 1
  else
    results[i] = 0
  end
end
wake(ARGV[1], woken)
return results
