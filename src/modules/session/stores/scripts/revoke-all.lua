-- Ends sessions of a user or of everyone, a batch at a time.
-- KEYS[1] prefix
-- ARGV user or '' for everyone, only those that began by this time or '' for now, id to keep or '', members to skip,
--      most members to look at, ms a dead id is remembered
-- Returns how many were ended, how many members were left, and the time to give for the next batch.
local user, exceptId, skipped, limit, deadMs = ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local now = nowMs()
local cutoff = tonumber(ARGV[2]) or now
local key = user ~= '' and userIndex(user) or prefix .. 'all'
local ended, left = 0, 0
for _, id in ipairs(redis.call('ZRANGE', key, skipped, skipped + limit - 1)) do
  local session = read(id)
  if id == exceptId or (session and session.created > cutoff) then
    left = left + 1
  else
    redis.call('ZREM', key, id)
    if session then
      if session.expires > now then ended = ended + 1 end
      unindex(session)
      kill(id, deadMs)
    end
  end
end
return { ended, left, int(cutoff) }
