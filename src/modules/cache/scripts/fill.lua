--[[
  Writes values where the lease is still the caller's, and keeps the versions that they depend on.

  KEYS     slots, then keys of tags and generations, all in one hash slot
  ARGV[1]  channel for wake-ups    ARGV[2] number of slots
  ARGV[3…] per slot: token (16 bytes), ttl in ms ('0': none), entry bytes, name for the wake-up (JSON string), places of its
           versions among the keys after the slots ('1 2 …')
  then     per version: the version (24 characters), how long it is kept in ms ('0': for ever), '1' if one load alone uses it

  Returns per slot: 1 stored | 0 the lease was lost: deleted, overwritten, expired, evicted or taken over | 2 a version was
  lost or replaced: an entry under it would be invalid. The lease is still the caller's.
]]
local slots = tonumber(ARGV[2])
local results, woken, kept = {}, {}, {}

local function is_kept(place)
  if kept[place] == nil then
    local at = 5 * slots + 3 * place
    kept[place] = keep_version(KEYS[slots + place], ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1')
  end
  return kept[place]
end

local function are_versions_kept(places)
  for place in places:gmatch('%d+') do
    if not is_kept(tonumber(place)) then return false end
  end
  return true
end

for i = 1, slots do
  local key, at = KEYS[i], 5 * i - 2
  local token, ttl = ARGV[at], ARGV[at + 1]
  local head = head_of(key)
  local is_held, is_awaited = head == bare_lease(token), false
  if not is_held then
    local slot = parse_slot(head)
    is_held, is_awaited = slot.kind ~= 0 and slot.token == token, has_waiter(slot)
  end
  if not is_held then
    results[i] = 0
  elseif not are_versions_kept(ARGV[at + 4]) then
    results[i] = 2
  else
    if ttl == '0' then redis.call('SET', key, ARGV[at + 2]) else redis.call('SET', key, ARGV[at + 2], 'PX', ttl) end
    if is_awaited then woken[#woken + 1] = ARGV[at + 3] end
    results[i] = 1
  end
end
wake(ARGV[1], woken)
return results
