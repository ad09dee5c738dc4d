--[[
  Removes slots with their leases, changes versions of tags and generations, appends to the log and announces.

  KEYS[1]  log    KEYS[2…] slots, then keys of tags and generations, all in one hash slot
  ARGV[1]  number of slots
  ARGV[2]  hard: entries that carry a tag become misses | soft: they become stale
  ARGV[3]  start of the log entry's body (JSON object without its closing brace)
  ARGV[4]  channel    ARGV[5] partition    ARGV[6] length of the log
  ARGV[7…] per tag: id (JSON string), new version (24 characters: 12 hard, 12 soft)

  DEL comes first everywhere: a script that has written goes on when Redis is out of memory.

  Returns {id, previous, version…}
]]
local slots = tonumber(ARGV[1])
for i = 2, slots + 1 do redis.call('DEL', KEYS[i]) end

local versions, changes = {}, {}
for i = slots + 2, #KEYS do
  local at = 7 + 2 * (i - slots - 2)
  local name, version = ARGV[at], ARGV[at + 1]
  if ARGV[2] == 'soft' then
    local current = redis.call('GET', KEYS[i])
    if current and #current == 24 then version = current:sub(1, 12) .. version:sub(13) end
  end
  redis.call('DEL', KEYS[i])
  redis.call('SET', KEYS[i], version)
  versions[#versions + 1] = version
  changes[#changes + 1] = '[' .. name .. ',"' .. version .. '"]'
end

local body = ARGV[3] .. ',"t":[' .. table.concat(changes, ',') .. ']}'
local id, previous = announce(KEYS[1], body, ARGV[4], ARGV[5], ARGV[6])
return { id, previous, unpack(versions) }
