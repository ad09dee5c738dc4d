--[[
  Prelude of the scripts that invalidate: appends to the log and announces it.

  The announcement is a JSON array, which Nest's Redis transport takes as the data of an event named like the channel:
  [partition, milliseconds and sequence of the id before, milliseconds since then, sequence (left out: 0), body].
  The id before shows a receiver whether it missed an entry.

  The log keeps `length` entries, and fewer while large ones are appended, so that it is bounded in bytes too: as if entries had
  1,600 bytes at most. (A usual one has 150.)
]]
local ENTRY_BYTES = 1600

local function announce(log, body, channel, partition, length)
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', '1')
  local previous = '0-0'
  if last[1] then previous = last[1][1] end
  local kept = math.min(tonumber(length), math.ceil(tonumber(length) * ENTRY_BYTES / #body))
  local id = redis.call('XADD', log, 'MAXLEN', '~', kept, '*', 'p', previous, 'b', body)
  local previous_ms, previous_sequence = previous:match('(%d+)%-(%d+)')
  local ms, sequence = id:match('(%d+)%-(%d+)')
  local later = string.format('%.0f', ms - previous_ms) .. (sequence == '0' and '' or ',' .. sequence)
  local head = partition .. ',' .. previous_ms .. ',' .. previous_sequence .. ',' .. later
  redis.call('PUBLISH', channel, '[' .. head .. ',' .. body .. ']')
  return id, previous
end
