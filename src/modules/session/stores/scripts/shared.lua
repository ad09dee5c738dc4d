-- Put in front of every script of this folder. All keys begin with KEYS[1], which holds the hash tag:
--   s:<id>      hash of a session: user ('' nobody's), data, version, created, seen, expires, absolute; or only `dead`
--   all         sorted set of ids by their absolute end
--   u:<sha1>    the same for the sessions of one user
-- A slot outlives its session for a while, so that a save under way finds it dead. Times are ms of Redis's clock.

local prefix = KEYS[1]

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Redis would write large Lua numbers as 1.7e+12.
local function int(number)
  return string.format('%.0f', number)
end

local function slotOf(id)
  return prefix .. 's:' .. id
end

local function userIndex(user)
  return prefix .. 'u:' .. redis.sha1hex(user)
end

local function read(id)
  local f = redis.call('HMGET', slotOf(id), 'user', 'data', 'version', 'created', 'seen', 'expires', 'absolute')
  if not f[6] then return nil end
  return {
    id = id, user = f[1], data = f[2], version = tonumber(f[3]), created = tonumber(f[4]),
    seen = tonumber(f[5]), expires = tonumber(f[6]), absolute = tonumber(f[7]),
  }
end

-- What revoke-all would not find must not live: an index that was evicted ends its sessions instead of hiding them.
local function isListed(session)
  return redis.call('ZSCORE', prefix .. 'all', session.id)
    and (session.user == '' or redis.call('ZSCORE', userIndex(session.user), session.id))
end

local function living(id, now)
  local session = read(id)
  if session and session.expires > now and isListed(session) then return session end
  return nil
end

local function reply(session)
  return {
    session.id, session.user, session.data, int(session.version), int(session.created),
    int(session.seen), int(session.expires), int(session.absolute),
  }
end

local function unindex(session)
  redis.call('ZREM', prefix .. 'all', session.id)
  if session.user ~= '' then redis.call('ZREM', userIndex(session.user), session.id) end
end

local function index(key, session, now, keptMs)
  redis.call('ZADD', key, int(session.absolute), session.id)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now))
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIRE', key, int(last[2] - now + keptMs)) end
end

local function write(session, now, keptMs)
  redis.call('HSET', slotOf(session.id), 'user', session.user, 'data', session.data, 'version', int(session.version),
    'created', int(session.created), 'seen', int(session.seen), 'expires', int(session.expires), 'absolute', int(session.absolute))
  redis.call('PEXPIRE', slotOf(session.id), int(session.expires - now + keptMs))
end

local function enlist(session, now, keptMs)
  index(prefix .. 'all', session, now, keptMs)
  if session.user ~= '' then index(userIndex(session.user), session, now, keptMs) end
end

local function use(session, now, idleMs)
  session.seen = math.max(session.seen, now)
  session.expires = math.min(now + idleMs, session.absolute)
end

local function kill(id, deadMs)
  redis.call('DEL', slotOf(id))
  redis.call('HSET', slotOf(id), 'dead', '1')
  redis.call('PEXPIRE', slotOf(id), deadMs)
end
