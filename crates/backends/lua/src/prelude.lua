-- What every generated chunk may use; nothing else is in its reach. Memory is indexed from address 0: an index of a 4-byte view is an
-- address divided by 4, and so on. Addresses are below 2^47, which doubles hold exactly.
local ffi, bit, jit, math, at, jit_on, eager = ...

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
local bor, bxor, lshift, rshift, tobit, bswap = bit.bor, bit.bxor, bit.lshift, bit.rshift, bit.tobit, bit.bswap
local floor, ceil = math.floor, math.ceil
local tonumber, type = tonumber, type
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

-- What follows is for scripts. Their Ints are numbers up to MOST, and numbers or int64_t beyond; see `ints.rs`.
local U8, I64 = ffi.cast("uint8_t *", 0), ffi.cast("int64_t *", 0)
local MOST = 2251799813685248

-- An int64_t as a number, if that is exact.
local function norm(x)
  if x <= MOST and x >= -MOST then
    local number = tonumber(x)
    return number
  end
  return x
end

-- The Int with these halves.
local function halves(low, high)
  if high == arshift(low, 31) then return low end
  if high >= -0x80000 and high < 0x80000 then return high * 4294967296 + low % 4294967296 end
  return bor(lshift(0LL + high, 32), 0LL + low % 4294967296)
end

-- The Int at a word. LuaJIT takes views of different types for views of different memory, so what scripts write to is only ever reached
-- through one of them: Ints by their halves.
local function int(w)
  return halves(I32[w + w], I32[w + w + 1])
end

-- Writes an Int that has more than 32 bits.
local function put(w, x)
  I32[w + w] = tobit(x)
  if type(x) == "number" then
    I32[w + w + 1] = floor(x / 4294967296)
  else
    I32[w + w + 1] = tobit(arshift(x, 32))
  end
end

-- The word at a word as an int64_t.
local function word(w)
  local low, high = I32[w + w], I32[w + w + 1]
  local wide = bor(lshift(0LL + high, 32), 0LL + low % 4294967296)
  return wide
end

local function idiv(x, y)
  if type(x) == "number" and type(y) == "number" then
    local q = x / y
    if q < 0 then return ceil(q) end
    return floor(q)
  end
  return norm((0LL + x) / y)
end

local function irem(x, y)
  if type(x) == "number" and type(y) == "number" then
    local q = x / y
    if q < 0 then q = ceil(q) else q = floor(q) end
    return x - q * y
  end
  return norm((0LL + x) % y)
end

local function iband(x, y)
  local p, q = tobit(x), tobit(y)
  if p == x and q == y then return band(p, q) end
  return norm(band(0LL + x, 0LL + y))
end

local function ibor(x, y)
  local p, q = tobit(x), tobit(y)
  if p == x and q == y then return bor(p, q) end
  return norm(bor(0LL + x, 0LL + y))
end

local function ibxor(x, y)
  local p, q = tobit(x), tobit(y)
  if p == x and q == y then return bxor(p, q) end
  return norm(bxor(0LL + x, 0LL + y))
end

local function ishl(x, y)
  return norm(lshift(0LL + x, band(tobit(y), 63)))
end

local function ishr(x, y)
  local count = band(tobit(y), 63)
  if count < 32 and x == tobit(x) then return arshift(tobit(x), count) end
  return norm(arshift(0LL + x, count))
end

-- Of U32s, which are numbers with a sign. A product of two may need more bits than a number has.
local umul
if jit_on then
  umul = function(x, y)
    local product = (0LL + x) * y
    return tobit(product)
  end
else
  umul = function(x, y)
    return tobit(band(x, 65535) * y + lshift(tobit(rshift(x, 16) * y), 16))
  end
end

local function udiv(x, y)
  return tobit(floor((x % 4294967296) / (y % 4294967296)))
end

local function urem(x, y)
  return tobit((x % 4294967296) % (y % 4294967296))
end

-- Integers of 2, 4 and 8 bytes at an address, the lowest first and the highest first; those of 4 with a sign.
local get2, get4, get4b
if jit_on then
  local i32, u16 = ffi.typeof("int32_t *"), ffi.typeof("uint16_t *")
  get2 = function(p)
    local word = ffi.cast(u16, p)[0]
    return word
  end
  get4 = function(p)
    local word = ffi.cast(i32, p)[0]
    return word
  end
  get4b = function(p) return bswap(ffi.cast(i32, p)[0]) end
else
  get2 = function(p) return U8[p] + U8[p + 1] * 256 end
  get4 = function(p) return bor(U8[p], lshift(U8[p + 1], 8), lshift(U8[p + 2], 16), lshift(U8[p + 3], 24)) end
  get4b = function(p) return bor(U8[p + 3], lshift(U8[p + 2], 8), lshift(U8[p + 1], 16), lshift(U8[p], 24)) end
end

local function get8(p) return halves(get4(p), get4(p + 4)) end
local function get8b(p) return halves(get4b(p + 4), get4b(p)) end

-- A Float as an Int: towards zero, the nearest one where there is none.
local function toint(f)
  if f >= -MOST and f <= MOST then
    if f < 0 then return ceil(f) end
    return floor(f)
  end
  if f ~= f then return 0 end
  if f >= 9223372036854775808 then return 0x7fffffffffffffffLL end
  if f <= -9223372036854775808 then return 0x8000000000000000LL end
  return 0LL + f
end

local function fmin(a, b)
  if a ~= a or b ~= b then return NAN end
  if a < b or (a == b and 1 / a < 0) then return a end
  return b
end

local function fmax(a, b)
  return -fmin(-a, -b)
end

-- How many Ints there are from a first one up to an end; no loop ever takes as many turns as a number holds.
local function turns(first, last)
  if last <= first then return 0 end
  if type(first) == "number" and type(last) == "number" then return last - first end
  local count = (0LL + last) - first
  if count < 0 or count > 2 * MOST then return 2 * MOST end
  local number = tonumber(count)
  return number
end

local address = "int64_t"
local two, three, four = "int64_t, int64_t", "int64_t, int64_t, int64_t", "int64_t, int64_t, int64_t, int64_t"
local five = "int64_t, int64_t, int64_t, int64_t, int64_t"

local names = {
  I32 = I32, U32 = U32, F64 = F64, F = F, place = place, intplace = intplace, ipbelow = ipbelow, ipsame = ipsame,
  U8 = U8,
  I64 = I64,
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
  norm = norm, int = int, put = put, word = word, idiv = idiv, irem = irem, iband = iband, ibor = ibor, ibxor = ibxor, ishl = ishl, ishr = ishr, umul = umul,
  udiv = udiv, urem = urem, get2 = get2, get4 = get4, get4b = get4b, get8 = get8, get8b = get8b, toint = toint, fmin = fmin, fmax = fmax,
  turns = turns, tobit = tobit, floor = floor, ceil = ceil, sqrt = math.sqrt, fabs = math.abs, bswap = bswap,
  rol = bit.rol, ror = bit.ror,
  unary = cast("double", "int32_t, double", "unary"),
  pow = cast("double", "double, double", "pow"),
  restart = cast("void", two, "restart"),
  enter = cast("double", five, "enter"),
  leave = cast("void", two, "leave"),
  room = cast("int32_t", "int64_t, int64_t, int64_t, double, int32_t, int32_t, int32_t", "room"),
  packed = cast("double", "int64_t, int64_t, int64_t, int32_t", "packed"),
  copy = cast("void", three, "copy"),
  fill1 = cast("void", "int64_t, int64_t, int32_t", "fill1"),
  fill4 = cast("void", "int64_t, int64_t, int32_t", "fill4"),
  fill8 = cast("void", three, "fill8"),
  fillf = cast("void", "int64_t, int64_t, double", "fillf"),
  fill16 = cast("void", four, "fill16"),
  fill24 = cast("void", three, "fill24"),
  key = cast("double", "int64_t, int64_t, int64_t, int64_t, int64_t, int64_t", "key"),
}

-- Forgets what LuaJIT knows of what has run: machine code, and which functions of the prelude it has given up to compile.
local own = {
  F, place, intplace, ipbelow, ipsame, norm, halves, int, put, word, idiv, irem, iband, ibor, ibxor, ishl, ishr, umul, udiv, urem, get2,
  get4, get4b, get8, get8b, toint, fmin, fmax, turns,
}
local function forget()
  jit.flush()
  if jit_on then
    for i = 1, #own do jit.on(own[i]) end
  end
end
jit.off(forget)

return names, forget
