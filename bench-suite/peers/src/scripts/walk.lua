-- How many rules match in all, over a sequence of records.
local band = bit.band

return function(matches, records)
  local count = 0
  for i = 1, #records do
    local hits = matches(records[i])
    while hits ~= 0 do
      count = count + 1
      hits = band(hits, hits - 1)
    end
  end
  return count
end
