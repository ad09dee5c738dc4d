-- Begins a session.
-- KEYS[1] prefix
-- ARGV id, user, data, idle ms, absolute ms, ms a slot is kept after its session, its own idle ms or '', client
-- Returns the session, or nil when the id was used before.
local id, user, data = ARGV[1], ARGV[2], ARGV[3]
local idleMs, absoluteMs, keptMs = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('EXISTS', slotOf(id)) == 1 then return false end
local now = nowMs()
local session = { id = id, user = user, data = data, version = 1, created = now, seen = now, absolute = now + absoluteMs, idle = ARGV[7], client = ARGV[8] }
use(session, now, idleMs)
write(session, now, keptMs)
enlist(session, now, keptMs)
return reply(session)
