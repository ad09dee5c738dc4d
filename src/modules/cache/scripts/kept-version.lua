--[[
  Prelude of the scripts that touch versions. A version's key lives as long as the longest entry under it may.

  A key holds the version (24 characters), and a mark behind it while one load alone uses it: no entry is stored under it
  yet, so that load may set how long the key lives, or remove it. A version that was lost never comes back: these scripts
  only change how long a key lives.
]]
local MARK = '+'

local function version_at(key)
  local held = redis.call('GET', key)
  if not held or (#held ~= 24 and #held ~= 25) then return nil, false end
  return held:sub(1, 24), #held == 25
end

-- Keeps a version for `keep_ms` from now ('0': for ever), and takes the mark away. An expiry of the version leaves its first
-- half: an entry under it is then stale. Returns false if the version was lost or replaced.
local function keep_version(key, version, keep_ms, is_lone)
  local current, is_marked = version_at(key)
  if not current or current:sub(1, 12) ~= version:sub(1, 12) then return false end
  local left = (is_marked and is_lone) and 0 or redis.call('PTTL', key)
  local is_for_ever = keep_ms == '0' or left == -1
  local lives = math.max(left, tonumber(keep_ms))
  if is_marked then
    if is_for_ever then redis.call('SET', key, current) else redis.call('SET', key, current, 'PX', lives) end
  elseif is_for_ever then
    if left >= 0 then redis.call('SET', key, current) end
  elseif lives > left then
    redis.call('PEXPIRE', key, lives)
  end
  return true
end
