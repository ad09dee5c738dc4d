--[[
  Prelude of the scripts that compare layouts. A record is the layout and the second of Redis time at which an instance last
  used it: 'partitions=1 envelope=2 protocol=2@1764300000'.

  A record that no instance has used for fifteen minutes is vacant: the instances that wrote it are gone.
]]
local LAPSE_SECONDS, RENEWAL_SECONDS = 900, 60

-- '' for the caller's own layout, 'renew' where its record is to be written again, 'vacant', or the layout in use.
local function layout_in(record_key, own, now_seconds)
  local layout, used = (redis.call('GET', record_key) or ''):match('^(.*)@(%d+)$')
  if layout == own then return now_seconds - used > RENEWAL_SECONDS and 'renew' or '' end
  if not layout or now_seconds - used > LAPSE_SECONDS then return 'vacant' end
  return layout
end
