-- Ends sessions by their ids.
-- KEYS[1] prefix
-- ARGV ms a dead id is remembered, ids...
-- Returns nil.
local deadMs = ARGV[1]
for i = 2, #ARGV do
  local id = ARGV[i]
  if redis.call('HEXISTS', slotOf(id), 'dead') == 0 then
    local session = read(id)
    if session then unindex(session) end
    kill(id, deadMs, session)
  end
end
return false
