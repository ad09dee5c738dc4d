-- KEYS[1] prefix
-- ARGV '*' for everyone or '=' and the user, members to skip, most members to look at
-- Returns how many members were looked at, and those of the sessions that live.
local skipped, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local now = nowMs()
local ids = redis.call('ZRANGE', indexOf(ARGV[1]), skipped, skipped + limit - 1)
local found = {}
for _, id in ipairs(ids) do
  local session = living(id, now)
  if session then found[#found + 1] = reply(session) end
end
return { #ids, found }
