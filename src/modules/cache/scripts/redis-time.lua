-- Prelude of the scripts that look at the clock: ms since 1970.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + time[2] / 1000
end
