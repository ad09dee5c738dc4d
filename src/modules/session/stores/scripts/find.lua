-- KEYS[1] prefix
-- ARGV id
-- Returns the session if it lives, else nil.
local session = living(ARGV[1], nowMs())
return session and reply(session) or false
