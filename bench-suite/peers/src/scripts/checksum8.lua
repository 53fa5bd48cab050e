local ffi = require "ffi"

local bytes = ffi.typeof("const uint8_t *")

return function(r)
  local s, sum = r.payload, 0
  local p = ffi.cast(bytes, s)
  for i = 1, #s - 1 do
    sum = sum + p[i]
  end
  sum = sum % 256
  return (sum == 92 or sum == 93) and 1 or 0
end
