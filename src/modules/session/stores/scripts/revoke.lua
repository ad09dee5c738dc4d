-- Ends a session for good.
-- KEYS[1] prefix
-- ARGV id, ms a dead id is remembered
-- Returns 1, or 0 when it didn't live. The id is dead afterwards in either case.
local session = read(ARGV[1])
local lived = living(ARGV[1], nowMs())
if session then unindex(session) end
kill(ARGV[1], ARGV[2], session)
return lived and 1 or 0
