-- Writes back a session that went on in an instance's memory while Redis was away, unless Redis knows better.
-- KEYS[1] prefix
-- ARGV id, user, data, version, created, seen, expires, absolute, ms a slot is kept after its session, idle or '', client
-- Returns 1 when written; 0 when the id is dead, the session expired, or Redis holds one as new.
local session = {
  id = ARGV[1], user = ARGV[2], data = ARGV[3], version = tonumber(ARGV[4]), created = tonumber(ARGV[5]),
  seen = tonumber(ARGV[6]), expires = tonumber(ARGV[7]), absolute = tonumber(ARGV[8]), idle = ARGV[10], client = ARGV[11],
}
local keptMs = tonumber(ARGV[9])
local now = nowMs()
if session.expires <= now or redis.call('HEXISTS', slotOf(session.id), 'dead') == 1 then return 0 end
local stored = read(session.id)
if stored then
  if stored.version > session.version or (stored.version == session.version and stored.seen >= session.seen) then return 0 end
  unindex(stored)
end
write(session, now, keptMs)
enlist(session, now, keptMs)
return 1
