-- Replaces the data of a living session.
-- KEYS[1] prefix
-- ARGV id, data, version it must have or '', '1' to change its user, user, idle ms, ms a slot is kept after its session
-- Returns the session; 'conflict' when its version is another; 'gone' when it is dead; 'unknown' when there never was one.
local id, data, ifVersion, changesUser, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local idleMs, keptMs = tonumber(ARGV[6]), tonumber(ARGV[7])
local now = nowMs()
local session = living(id, now)
if not session then return redis.call('EXISTS', slotOf(id)) == 1 and 'gone' or 'unknown' end
if ifVersion ~= '' and tonumber(ifVersion) ~= session.version then return 'conflict' end
session.data = data
session.version = session.version + 1
use(session, now, idleMs)
if changesUser and user ~= session.user then
  unindex(session)
  session.user = user
  enlist(session, now, keptMs)
end
write(session, now, keptMs)
return reply(session)
