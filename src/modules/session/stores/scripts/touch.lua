-- Notes that a session was used now. Never moves its absolute end.
-- KEYS[1] prefix
-- ARGV id, idle ms, ms a slot is kept after its session, client or '' to leave it
-- Returns the session if it lives, else nil.
local now = nowMs()
local session = living(ARGV[1], now)
if not session then return false end
if ARGV[4] ~= '' then session.client = ARGV[4] end
use(session, now, tonumber(ARGV[2]))
write(session, now, tonumber(ARGV[3]))
return reply(session)
