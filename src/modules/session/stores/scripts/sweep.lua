-- Deletes sessions that have expired from the indexes, a batch at a time.
-- KEYS[1] prefix
-- ARGV most members to look at
-- Returns how many members were looked at, and a list of id, user ('' for none or unknown) of each session that expired.
local limit = tonumber(ARGV[1])
local now = nowMs()
local key = prefix .. 'expiring'
local ids = redis.call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, limit)
local expired = {}
for _, id in ipairs(ids) do
  local session = read(id)
  if session and session.expires > now then
    redis.call('ZADD', key, int(session.expires), id)
  else
    if session then unindex(session) else unlist(id) end
    if session or redis.call('EXISTS', slotOf(id)) == 0 then
      expired[#expired + 1] = id
      expired[#expired + 1] = session and session.user or ''
    end
  end
end
return { #ids + trim(prefix .. 'all', now, limit), expired }
