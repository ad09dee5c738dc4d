--[[
  Removes or expires slots, changes versions of tags and generations, appends to the log and announces.

  KEYS[1]  log    KEYS[2…] slots, then keys of tags and generations, all in one hash slot
  ARGV[1]  number of slots
  ARGV[2]  hard: slots are removed, entries that carry a tag become misses | soft: both become stale
  ARGV[3]  start of the log entry's body (JSON object without its closing brace)
  ARGV[4]  channel    ARGV[5] partition    ARGV[6] length of the log
  ARGV[7…] per tag: id (JSON string), new version (24 characters: 12 hard, 12 soft)

  Either way a lease on the slot is lost, so that a load that began before stores nothing. A version that has no key gets
  none: nothing is stored under it. One that has a key is replaced, and the new version is kept for a minute, so that what
  is stored next is stored under it.
  The slots come first: a script that has written goes on when Redis is out of memory.

  Returns {id, previous, version…}
]]
local NEW_VERSION_MS = 60000
local slots = tonumber(ARGV[1])

local function expire_slot(key)
  local slot = parse_slot(head_of(key))
  if slot.kind ~= ENTRY then return redis.call('DEL', key) end
  local flags = is_expired(slot) and slot.flags or slot.flags + EXPIRED
  local written = redis.pcall('SETRANGE', key, 3, string.char(flags))
  if type(written) == 'table' and written.err then return redis.call('DEL', key) end
  redis.call('SETRANGE', key, 8, string.rep('\0', 24))
end

for i = 2, slots + 1 do
  if ARGV[2] == 'soft' then expire_slot(KEYS[i]) else redis.call('DEL', KEYS[i]) end
end

local versions, changes = {}, {}
for i = slots + 2, #KEYS do
  local at = 7 + 2 * (i - slots - 2)
  local name, version = ARGV[at], ARGV[at + 1]
  local lives = NEW_VERSION_MS
  local current = version_at(KEYS[i])
  if current and ARGV[2] == 'soft' then
    version = current:sub(1, 12) .. version:sub(13)
    lives = redis.call('PTTL', KEYS[i])
  end
  redis.call('DEL', KEYS[i])
  if current and lives < 0 then
    redis.call('SET', KEYS[i], version)
  elseif current then
    redis.call('SET', KEYS[i], version, 'PX', math.max(1, lives))
  end
  versions[#versions + 1] = version
  changes[#changes + 1] = '[' .. name .. ',"' .. version .. '"]'
end

local body = ARGV[3] .. (#changes > 0 and ',"t":[' .. table.concat(changes, ',') .. ']}' or '}')
local id, previous = announce(KEYS[1], body, ARGV[4], ARGV[5], ARGV[6])
return { id, previous, unpack(versions) }
