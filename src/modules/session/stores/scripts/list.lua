-- KEYS[1] prefix
-- ARGV user or '' for everyone, members to skip, most members to look at
-- Returns how many members were looked at, and those of the sessions that live.
local user, skipped, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = nowMs()
local key = user ~= '' and userIndex(user) or prefix .. 'all'
local ids = redis.call('ZRANGE', key, skipped, skipped + limit - 1)
local found = {}
for _, id in ipairs(ids) do
  local session = living(id, now)
  if session then found[#found + 1] = reply(session) end
end
return { #ids, found }
