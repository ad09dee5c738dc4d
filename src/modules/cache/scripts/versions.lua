--[[
  Current versions of tags and generations.

  KEYS     keys of tags and generations, all in one hash slot
  ARGV[1]  '0': nothing is written. Else versions that are missing (never set, expired, evicted, lost) are made, and each is
           kept for that many ms from now
  ARGV[2…] per key: a version never used before (only with ARGV[1] > 0)

  Returns per key: the version, with a mark if this call made it | nil when it is missing and can't be written now; then,
  unless ARGV[1] is '0', per key: how long it is kept, ms | -1 for ever
]]
local hold_ms = tonumber(ARGV[1])
local versions, lives = {}, {}

local function make(key, version)
  local written = redis.pcall('SET', key, version .. MARK, 'PX', ARGV[1])
  return written.ok and version .. MARK or false
end

local function hold(key, version, is_marked)
  local left = redis.call('PTTL', key)
  local is_short = left >= 0 and left < hold_ms
  -- Another load uses it now: the key lives at least as long as this call asks for.
  if is_marked then redis.pcall('SET', key, version, 'PX', ARGV[1])
  elseif is_short then redis.call('PEXPIRE', key, ARGV[1]) end
  return is_short and hold_ms or left
end

for i, key in ipairs(KEYS) do
  local version, is_marked = version_at(key)
  if hold_ms == 0 then
    versions[i] = version or false
  elseif version then
    versions[i], lives[i] = version, hold(key, version, is_marked)
  else
    versions[i], lives[i] = make(key, ARGV[i + 1]), hold_ms
  end
end
for i, ms in ipairs(lives) do versions[#KEYS + i] = ms end
return versions
