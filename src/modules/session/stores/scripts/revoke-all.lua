-- Ends sessions of a user or of everyone, a batch at a time.
-- KEYS[1] prefix
-- ARGV '*' for everyone or '=' and the user, only those that began at least this many ms ago, id to keep or '', members to skip,
--      most members to look at, ms a dead id is remembered
-- Returns how many members were left, how many were looked at, and the ids of the sessions that were ended.
local agoMs, exceptId = tonumber(ARGV[2]), ARGV[3]
local skipped, limit, deadMs = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local now = nowMs()
local key = indexOf(ARGV[1])
local left, ended = 0, {}
local ids = redis.call('ZRANGE', key, skipped, skipped + limit - 1)
for _, id in ipairs(ids) do
  local session = read(id)
  if id == exceptId or (session and session.created > now - agoMs) then
    left = left + 1
  else
    redis.call('ZREM', key, id)
    if session then
      if session.expires > now then ended[#ended + 1] = id end
      unindex(session)
      kill(id, deadMs, session)
    end
  end
end
return { left, #ids, ended }
