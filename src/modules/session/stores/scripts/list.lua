-- KEYS[1] prefix
-- ARGV '*' for everyone or '=' and the user, cursor (score, number of members of that score to skip), most members to look at
-- Returns how many members were looked at, the next cursor, and those of the sessions that live.
-- A session may be in more than one page.
local score, skipped, limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now = nowMs()
local members = page(indexOf(ARGV[1]), score, skipped, limit)
local found = {}
for i = 1, #members, 2 do
  local session = living(members[i], now)
  if session then found[#found + 1] = reply(session) end
end
local seen = #members / 2
score, skipped = after(score, skipped, limit, seen, members[#members])
return { seen, score, skipped, found }
