-- Ends sessions of a user or of everyone, a batch at a time.
-- KEYS[1] prefix
-- ARGV '*' for everyone or '=' and the user, only those that began at least this many ms ago, id to keep or '',
--      cursor (score, number of members of that score to skip), most members to look at, ms a dead id is remembered
-- Returns how many members were looked at, the next cursor, and the ids of the sessions that were ended.
local agoMs, exceptId = tonumber(ARGV[2]), ARGV[3]
local score, skipped, limit, deadMs = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local now = nowMs()
local key = indexOf(ARGV[1])
local ended, left, lastScore = {}, 0, nil
local members = page(key, score, skipped, limit)
for i = 1, #members, 2 do
  local id = members[i]
  local session = read(id)
  if id == exceptId or (session and session.created > now - agoMs) then
    left, lastScore = left + 1, members[i + 1]
  else
    redis.call('ZREM', key, id)
    if session then
      if session.expires > now then ended[#ended + 1] = id end
      unindex(session)
      kill(id, deadMs, session)
    end
  end
end
score, skipped = after(score, skipped, limit, left, lastScore)
return { #members / 2, score, skipped, ended }
