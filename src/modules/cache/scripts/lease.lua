--[[
  Takes leases on slots without a value to serve.

  KEYS     slots, all in one hash slot
  ARGV[1]  mode: load | steal
  ARGV[2]  lease, ms
  ARGV[3…] per slot: token (16 bytes), stored-at of the entry the caller has seen and refused (8 bytes, or empty)

  load: a fresh entry is answered, unless it is the one that was seen: that one is leased as it stands (it was found
  invalid, or is to be refreshed early). steal: takes the lease over from its holder.

  Returns per slot: -1 granted | ms left of another's lease (0 or more; the slot then carries the waiter flag) | the entry
]]
local mode, lease_ms = ARGV[1], tonumber(ARGV[2])
-- An empty slot is the common case, and one call. Without memory for it there may still be an entry to answer.
local function lease_if_empty(key, token)
  local reply = redis.pcall('SET', key, bare_lease(token), 'NX', 'PX', ARGV[2])
  return reply and reply.ok
end

local function lease_slot(key, token, seen)
  local slot = parse_slot(head_of(key))
  if slot.kind == LEASE then
    if mode == 'steal' then
      -- Readers that waited for the former holder now wait for this one.
      redis.call('SET', key, 'L' .. string.char(slot.flags) .. token, 'PX', lease_ms)
      return -1
    else
      if not has_waiter(slot) then redis.call('SETRANGE', key, 1, string.char(WAITER)) end
      return math.max(0, redis.call('PTTL', key))
    end
  elseif slot.kind == ENTRY then
    local now = now_ms()
    if mode == 'load' and slot.fresh_until > now and not is_expired(slot) and slot.stored_at ~= seen then
      return redis.call('GET', key)
    elseif mode ~= 'steal' and slot.deadline > now then
      if not has_waiter(slot) then redis.call('SETRANGE', key, 3, string.char(slot.flags + WAITER)) end
      return math.floor(slot.deadline - now)
    else
      redis.call('SETRANGE', key, 8, token .. struct.pack('<d', now + lease_ms))
      -- An entry that dies before its lease would take the lease with it.
      local left = redis.call('PTTL', key)
      if left >= 0 and left < lease_ms then redis.call('PEXPIRE', key, lease_ms) end
      return -1
    end
  else
    redis.call('SET', key, bare_lease(token), 'PX', lease_ms)
    return -1
  end
end

local answers = {}
for i, key in ipairs(KEYS) do
  local token, seen = ARGV[2 * i + 1], ARGV[2 * i + 2]
  answers[i] = lease_if_empty(key, token) and -1 or lease_slot(key, token, seen)
end
return answers
