--[[
  Prelude of the scripts that touch leases: reads where a slot's lease is.

  A bare lease is 'L', flags, token (16 bytes); an entry (0xEA) keeps flags at byte 3, its token at 8 and the lease's
  deadline (f64, ms) at 24. Flag 4: a waiter is to be woken. Flag 8: the entry was expired, and is stale whatever its times.
]]
local LEASE, ENTRY, WAITER, EXPIRED = 0x4C, 0xEA, 4, 8

local function head_of(slot)
  return redis.call('GETRANGE', slot, '0', '47')
end

-- What a slot without waiters holds while its lease is the token's.
local function bare_lease(token)
  return 'L\0' .. token
end

local function parse_slot(head)
  local kind = head:byte(1)
  if kind == LEASE and #head == 18 then
    return { kind = LEASE, flags = head:byte(2), token = head:sub(3, 18) }
  elseif kind == ENTRY and #head == 48 then
    return {
      kind = ENTRY,
      flags = head:byte(4),
      token = head:sub(9, 24),
      deadline = struct.unpack('<d', head, 25),
      fresh_until = struct.unpack('<d', head, 33),
      stored_at = head:sub(41, 48),
    }
  end
  return { kind = 0, flags = 0, token = '' }
end

local function has_waiter(slot)
  return slot.flags % 8 >= WAITER
end

local function is_expired(slot)
  return slot.flags % 16 >= EXPIRED
end
