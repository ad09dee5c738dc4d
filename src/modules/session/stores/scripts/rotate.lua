-- Gives a living session a new id; the old one is dead in the same step.
-- KEYS[1] prefix
-- ARGV id, new id, '1' when a user logs in, user, idle ms, absolute ms, ms a slot is kept, ms a dead id is remembered,
--      on a login its own idle ms or ''
-- Returns the session under its new id; nil when the old one doesn't live or the new id was used before.
local id, newId, isLogin, user = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
local idleMs, absoluteMs, keptMs, deadMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local now = nowMs()
local session = living(id, now)
if not session or redis.call('EXISTS', slotOf(newId)) == 1 then return false end
unindex(session)
kill(id, deadMs, session)
session.id = newId
if isLogin then
  session.user, session.created, session.absolute, session.idle = user, now, now + absoluteMs, ARGV[9]
end
use(session, now, idleMs)
write(session, now, keptMs)
enlist(session, now, keptMs)
return reply(session)
