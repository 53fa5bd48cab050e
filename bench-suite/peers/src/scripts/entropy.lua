local ffi = require "ffi"

local log = math.log
local bytes = ffi.typeof("const uint8_t *")
local counts = ffi.new("int32_t[256]")
local LOG2 = log(2)

local function entropy(s)
  ffi.fill(counts, ffi.sizeof(counts))
  local p, len = ffi.cast(bytes, s), #s
  for i = 0, len - 1 do
    local b = p[i]
    counts[b] = counts[b] + 1
  end
  local bits = 0
  for i = 0, 255 do
    local n = counts[i]
    if n > 0 then
      local share = n / len
      bits = bits - share * (log(share) / LOG2)
    end
  end
  return bits
end

-- As the rules are written: each computes it, the second twice where the first half holds.
return function(r)
  local s, hits = r.payload, 0
  if entropy(s) > 7.7 then hits = hits + 1 end
  if entropy(s) > 5 and entropy(s) < 6 then hits = hits + 2 end
  return hits
end
