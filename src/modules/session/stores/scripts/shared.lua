-- Put in front of every script of this folder. All keys begin with KEYS[1], which holds the hash tag:
--   s:<id>      hash of a session: user ('' for none), data, version, created, seen, expires, absolute, idle (its own
--               idle timeout, '' for the common one), client (JSON, '' for unknown); or only `dead`
--   all         sorted set of ids by their absolute end
--   u:<sha1>    the same for the sessions of one user
--   expiring    sorted set of ids by the end that they had at their last write, for sweep
-- A script looks at a bounded number of members, whatever the size of an index: Redis runs no other command meanwhile.
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

-- An index by its name in arguments: '*' for everyone, '=' and the user.
local function indexOf(selector)
  if selector == '*' then return prefix .. 'all' end
  return userIndex(string.sub(selector, 2))
end

local function read(id)
  local f = redis.call('HMGET', slotOf(id), 'user', 'data', 'version', 'created', 'seen', 'expires', 'absolute', 'idle', 'client')
  if not f[6] then return nil end
  return {
    id = id, user = f[1], data = f[2], version = tonumber(f[3]), created = tonumber(f[4]),
    seen = tonumber(f[5]), expires = tonumber(f[6]), absolute = tonumber(f[7]), idle = f[8] or '', client = f[9] or '',
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
    int(session.seen), int(session.expires), int(session.absolute), session.idle, session.client,
  }
end

local function unlist(id)
  redis.call('ZREM', prefix .. 'all', id)
  redis.call('ZREM', prefix .. 'expiring', id)
end

local function unindex(session)
  unlist(session.id)
  if session.user ~= '' then redis.call('ZREM', userIndex(session.user), session.id) end
end

-- A page of an index from a cursor on, as member, score, member, score... A cursor is a score and not a rank: when a member
-- that was looked at is removed meanwhile, no other member takes its place unseen.
local function page(key, score, skipped, limit)
  return redis.call('ZRANGEBYSCORE', key, score, '+inf', 'WITHSCORES', 'LIMIT', skipped, limit)
end

-- The cursor after a page of which `count` members stay in the index, the last of them with `lastScore`. The next page begins
-- with the members of that score once more; only where they fill a whole page are they skipped.
local function after(score, skipped, limit, count, lastScore)
  if not lastScore or (lastScore == score and count < limit) then return score, skipped end
  if lastScore == score then return score, skipped + limit end
  return lastScore, 0
end

-- Deletes members that are past, at most `limit`; returns their number.
local function trim(key, now, limit)
  local past = redis.call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, limit)
  if #past > 0 then redis.call('ZREM', key, unpack(past)) end
  return #past
end

local function keepFor(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, int(ms)) end
end

local function index(key, session, now, keptMs)
  redis.call('ZADD', key, int(session.absolute), session.id)
  trim(key, now, 20)
  keepFor(key, session.absolute - now + keptMs)
end

local function write(session, now, keptMs)
  redis.call('HSET', slotOf(session.id), 'user', session.user, 'data', session.data, 'version', int(session.version),
    'created', int(session.created), 'seen', int(session.seen), 'expires', int(session.expires), 'absolute', int(session.absolute),
    'idle', session.idle, 'client', session.client)
  redis.call('PEXPIRE', slotOf(session.id), int(session.expires - now + keptMs))
  redis.call('ZADD', prefix .. 'expiring', int(session.expires), session.id)
  keepFor(prefix .. 'expiring', session.absolute - now + keptMs)
end

local function enlist(session, now, keptMs)
  index(prefix .. 'all', session, now, keptMs)
  if session.user ~= '' then index(userIndex(session.user), session, now, keptMs) end
end

local function use(session, now, idleMs)
  session.seen = math.max(session.seen, now)
  session.expires = math.min(now + (tonumber(session.idle) or idleMs), session.absolute)
end

local function kill(id, deadMs, session)
  if session then redis.call('DEL', slotOf(id)) end
  redis.call('HSET', slotOf(id), 'dead', '1')
  redis.call('PEXPIRE', slotOf(id), deadMs)
end
