--[[
  Writes values where the lease is still the caller's.

  KEYS     slots, all in one hash slot
  ARGV[1]  channel for wake-ups
  ARGV[2…] per slot: token (16 bytes), ttl in ms (0: none), entry bytes, name for the wake-up (JSON string)

  Returns per slot: 1 stored | 0 the lease was lost: deleted, overwritten, expired, evicted or taken over
]]
local results, woken = {}, {}

for i, key in ipairs(KEYS) do
  local at = 4 * i - 2
  local token, ttl = ARGV[at], ARGV[at + 1]
  local head = head_of(key)
  local is_held, is_awaited = head == bare_lease(token), false
  if not is_held then
    local slot = parse_slot(head)
    is_held, is_awaited = slot.kind ~= 0 and slot.token == token, has_waiter(slot)
  end
  if is_held then
    if ttl == '0' then redis.call('SET', key, ARGV[at + 2]) else redis.call('SET', key, ARGV[at + 2], 'PX', ttl) end
    if is_awaited then woken[#woken + 1] = ARGV[at + 3] end
  end
  results[i] = is_held and 1 or 0
end
wake(ARGV[1], woken)
return results
