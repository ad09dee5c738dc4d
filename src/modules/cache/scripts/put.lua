--[[
  Writes a value whatever the slot holds, which voids any lease on it, and announces it.

  KEYS[1]  slot    KEYS[2]  log    KEYS[3…] keys of tags and generations that the value depends on, all in one hash slot
  ARGV[1]  deadline, ms of Redis time: later, the caller has long been told that the write failed
  ARGV[2]  ttl in ms (0: none)
  ARGV[3]  entry bytes; empty when the value is too large to be kept: the slot is removed
  ARGV[4]  body of the log entry (JSON)    ARGV[5] channel    ARGV[6] partition    ARGV[7] length of the log
  ARGV[8…] per tag and generation: the version (24 characters), how long it is kept in ms ('0': for ever), '1' if this write
           alone uses it

  Returns {id, previous, '1' or '0'}: the log entry's id, the one before it, whether every version is kept for the value |
  nil when the deadline has passed
]]
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[1]) then return false end

if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[2] == '0' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
end
local are_kept = true
for i = 3, #KEYS do
  local at = 3 * i - 1
  if not keep_version(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2] == '1') then are_kept = false end
end
local id, previous = announce(KEYS[2], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return { id, previous, are_kept and '1' or '0' }
