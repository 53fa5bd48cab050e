local ffi = require "ffi"
local bit = require "bit"

local band, bnot, bswap, bxor, ror, rshift, tobit = bit.band, bit.bnot, bit.bswap, bit.bxor, bit.ror, bit.rshift, bit.tobit
local bytes, words = ffi.typeof("const uint8_t *"), ffi.typeof("const int32_t *")

local KNOWN = "\x46\x82\x3e\x00\x84\xe7\x77\xad\x9f\xed\x60\x05\xb5\x3b\xb2\x8c\xf0\xb2\xfc\x40\x68\x47\xfd\x92\xb7\x86\x57\x16\xf1\x2c\x93\x88"
local START = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }
local ROUNDS = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

local K, w, h = ffi.new("int32_t[64]"), ffi.new("int32_t[64]"), ffi.new("int32_t[8]")
for i = 1, 64 do
  K[i - 1] = tobit(ROUNDS[i])
end
local last, out = ffi.new("uint8_t[128]"), ffi.new("int32_t[8]")
local last_words = ffi.cast(words, last)

local function compress(p, at)
  for i = 0, 15 do
    w[i] = bswap(p[at + i])
  end
  for i = 16, 63 do
    local x, y = w[i - 15], w[i - 2]
    local s0 = bxor(ror(x, 7), ror(x, 18), rshift(x, 3))
    local s1 = bxor(ror(y, 17), ror(y, 19), rshift(y, 10))
    w[i] = tobit(w[i - 16] + s0 + w[i - 7] + s1)
  end
  local a, b, c, d, e, f, g, k = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
  for i = 0, 63 do
    local s1 = bxor(ror(e, 6), ror(e, 11), ror(e, 25))
    local t1 = tobit(k + s1 + bxor(band(e, f), band(bnot(e), g)) + K[i] + w[i])
    local s0 = bxor(ror(a, 2), ror(a, 13), ror(a, 22))
    local t2 = s0 + bxor(band(a, b), band(a, c), band(b, c))
    k, g, f, e, d, c, b, a = g, f, e, tobit(d + t1), c, b, a, tobit(t1 + t2)
  end
  h[0], h[1], h[2], h[3] = tobit(h[0] + a), tobit(h[1] + b), tobit(h[2] + c), tobit(h[3] + d)
  h[4], h[5], h[6], h[7] = tobit(h[4] + e), tobit(h[5] + f), tobit(h[6] + g), tobit(h[7] + k)
end

local function digest(s)
  for i = 0, 7 do
    h[i] = tobit(START[i + 1])
  end
  local len, p = #s, ffi.cast(words, s)
  local rest = len % 64
  for at = 0, (len - rest) / 4 - 16, 16 do
    compress(p, at)
  end
  -- The last bytes, a bit, zeros, and the length in bits.
  local room = rest < 56 and 64 or 128
  ffi.fill(last, 128)
  ffi.copy(last, ffi.cast(bytes, s) + (len - rest), rest)
  last[rest] = 0x80
  for i = 1, 7 do
    last[room - i] = math.floor(len * 8 / 2 ^ (8 * (i - 1))) % 256
  end
  for at = 0, room / 4 - 16, 16 do
    compress(last_words, at)
  end
  for i = 0, 7 do
    out[i] = bswap(h[i])
  end
  return ffi.string(out, 32)
end

return function(r)
  return digest(r.payload) == KNOWN and 1 or 0
end
