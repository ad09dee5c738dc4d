--[[
  Writes a value whatever the slot holds, which voids any lease on it, and announces it.

  KEYS[1]  slot           KEYS[2]  log, in the same hash slot
  ARGV[1]  deadline, ms of Redis time: later, the caller has long been told that the write failed
  ARGV[2]  ttl in ms (0: none)
  ARGV[3]  entry bytes; empty when the value is too large to be kept: the slot is removed
  ARGV[4]  body of the log entry (JSON)    ARGV[5] channel    ARGV[6] partition    ARGV[7] length of the log

  Returns {id, previous} of the log entry | nil when the deadline has passed
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
local id, previous = announce(KEYS[2], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
return { id, previous }
