--[[
  Takes a call's place within a minute's quota that a fleet shares, as PaceWindow does for one instance: the earliest
  moment at which no minute that ends there holds more than the limits, after all that asked before.

  KEYS[1]  list of "<place, ms since the epoch>:<texts>:<tokens>", oldest first
  ARGV[1]  texts of the call
  ARGV[2]  its tokens
  ARGV[3]  texts a minute, 0 for no limit
  ARGV[4]  tokens a minute, 0 for no limit
  ARGV[5]  longest wait, ms
  ARGV[6]  nobody goes for this long, ms: 0, or what the upstream asked for (a call of no texts takes its place then)

  Reply    {1, wait in ms} when the place is taken, {0, wait in ms} when it is further away than the longest wait
]]
local WINDOW = 60000
-- Calls closer together than this count as one, at the later moment: the list stays short.
local RESOLUTION = 100

local texts, tokens = tonumber(ARGV[1]), tonumber(ARGV[2])
local textsLeft = tonumber(ARGV[3]) > 0 and ARGV[3] - texts or math.huge
local tokensLeft = tonumber(ARGV[4]) > 0 and ARGV[4] - tokens or math.huge
local longestWait, pause = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local places, past = {}, 0
for index, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local at, t, k = string.match(entry, '^(%d+):(%d+):(%d+)$')
  if tonumber(at) <= now - WINDOW then
    past = index
  else
    places[#places + 1] = { at = tonumber(at), texts = tonumber(t), tokens = tonumber(k) }
    textsLeft, tokensLeft = textsLeft - t, tokensLeft - k
  end
end
if past > 0 then redis.call('LTRIM', KEYS[1], past, -1) end

local last = places[#places]
local at = math.max(now + pause, last and last.at or 0)
for _, place in ipairs(places) do
  if place.at > at - WINDOW then
    if textsLeft >= 0 and tokensLeft >= 0 then break end
    at = place.at + WINDOW
  end
  textsLeft, tokensLeft = textsLeft + place.texts, tokensLeft + place.tokens
end

if at - now > longestWait then return { 0, at - now } end
if last and at - last.at < RESOLUTION then
  redis.call('LSET', KEYS[1], -1, string.format('%.0f:%.0f:%.0f', at, last.texts + texts, last.tokens + tokens))
else
  redis.call('RPUSH', KEYS[1], string.format('%.0f:%.0f:%.0f', at, texts, tokens))
end
redis.call('PEXPIRE', KEYS[1], at - now + WINDOW)
return { 1, at - now }
