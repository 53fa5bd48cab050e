-- What every generated chunk may use; nothing else is in its reach. Memory is indexed from address 0: an index of a 4-byte view is an
-- address divided by 4, and so on. Addresses are below 2^47, which doubles hold exactly.
local ffi, bit, jit, at, jit_on, eager = ...

if jit_on then
  jit.opt.start("maxtrace=20000", "maxmcode=65536", "maxirconst=1000")
  if eager then jit.opt.start("hotloop=1", "hotexit=1") end
else
  jit.off()
end

local I32 = ffi.cast("int32_t *", 0)
local U32 = ffi.cast("uint32_t *", 0)
local F64 = ffi.cast("double *", 0)
local band, arshift = bit.band, bit.arshift
local tonumber = tonumber
local INF, NAN = 1 / 0, ffi.cast("double *", at.nan)[0]

local function cast(result, arguments, name)
  return ffi.cast(result .. " (*)(" .. arguments .. ")", at[name])
end

-- The Float at a word. What is not finite is made anew, because a NaN with a payload would be taken for a value of another type.
local function F(w)
  local high = I32[w + w + 1]
  if band(high, 0x7ff00000) ~= 0x7ff00000 then
    local float = F64[w]
    return float
  end
  local float = NAN
  if band(high, 0xfffff) == 0 and I32[w + w] == 0 then float = INF end
  if high < 0 then float = -float end
  return float
end

-- The place in n bytes that a slice's bound k means.
local function place(k, n)
  if k < 0 then
    k = k + n
    if k < 0 then k = 0 end
  elseif k > n then
    k = n
  end
  return k
end

-- The same for an Int.
local function intplace(k, n)
  if k < 0LL then
    k = k + n
    if k < 0LL then return 0 end
  elseif k > n then
    return n
  end
  local number = tonumber(k)
  return number
end

-- Whether the address at word p is below the one at word q, which is of the same family.
local function ipbelow(p, q)
  p, q = p + p, q + q
  if U32[p + 3] ~= U32[q + 3] then return U32[p + 3] < U32[q + 3] end
  if U32[p + 2] ~= U32[q + 2] then return U32[p + 2] < U32[q + 2] end
  if U32[p + 5] ~= U32[q + 5] then return U32[p + 5] < U32[q + 5] end
  return U32[p + 4] < U32[q + 4]
end

-- Whether the addresses at words p and q are the same.
local function ipsame(p, q)
  p, q = p + p, q + q
  return I32[p] == I32[q] and I32[p + 4] == I32[q + 4] and I32[p + 5] == I32[q + 5] and I32[p + 2] == I32[q + 2]
    and I32[p + 3] == I32[q + 3]
end

local address = "int64_t"
local two, three, four = "int64_t, int64_t", "int64_t, int64_t, int64_t", "int64_t, int64_t, int64_t, int64_t"
local five = "int64_t, int64_t, int64_t, int64_t, int64_t"

return {
  I32 = I32, U32 = U32, F64 = F64, F = F, place = place, intplace = intplace, ipbelow = ipbelow, ipsame = ipsame,
  U8 = ffi.cast("uint8_t *", 0),
  I64 = ffi.cast("int64_t *", 0),
  band = band, bor = bit.bor, bxor = bit.bxor, lshift = bit.lshift, rshift = bit.rshift, arshift = arshift, tonumber = tonumber,
  INF = INF, NAN = NAN, NZERO = -1 / INF,
  reset = cast("void", address, "reset"),
  note = cast("void", "int64_t, int32_t, int32_t, int32_t", "note"),
  call = cast("int32_t", four, "call"),
  begin = cast("void", two, "collect_begin"),
  push = cast("int32_t", two, "collect_push"),
  finish = cast("int32_t", two, "collect_end"),
  settle = cast("int32_t", address, "settle"),
  look = cast("void", two, "look"),
  look_up = cast("void", three, "look_up"),
  search = cast("int32_t", four, "search"),
  regex = cast("int32_t", four, "regex"),
  wildcard = cast("int32_t", four, "wildcard"),
  find = cast("int32_t", five, "find"),
  in_ints = cast("int32_t", two, "in_ints"),
  in_ips = cast("int32_t", four, "in_ips"),
  in_bytes = cast("int32_t", three, "in_bytes"),
  in_list = cast("int32_t", three, "in_list"),
  compare = cast("int32_t", four, "compare"),
  same = cast("int32_t", three, "same"),
  fmod = cast("double", "double, double", "float_rem"),
  key = cast("double", "int64_t, int64_t, int64_t, int64_t, int64_t, int64_t", "key"),
}
