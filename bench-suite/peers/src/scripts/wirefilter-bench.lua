local find, lower, upper, byte = string.find, string.lower, string.upper, string.byte

-- First and last addresses of networks, in order; of IPv6 the upper 32 bits.
local V4 = {
  0x6715f400, 0x6715f7ff,
  0x6716c800, 0x6716cbff,
  0x671f0400, 0x671f07ff,
  0x68100000, 0x681fffff,
  0x6ca2c000, 0x6ca2ffff,
  0x83004800, 0x83004bff,
  0x8d654000, 0x8d657fff,
  0xa29e0000, 0xa29fffff,
  0xac400000, 0xac47ffff,
  0xadf53000, 0xadf53fff,
  0xbc726000, 0xbc726fff,
  0xbe5df000, 0xbe5dffff,
  0xc5eaf000, 0xc5eaf3ff,
  0xc6298000, 0xc629ffff,
}
local V6 = {
  0x2400cb00, 0x2400cb00,
  0x24058100, 0x24058100,
  0x2405b500, 0x2405b500,
  0x26064700, 0x26064700,
  0x2803f800, 0x2803f800,
  0x2a0698c0, 0x2a0698c7,
  0x2c0ff248, 0x2c0ff248,
}

local COUNTRIES = {}
for country in string.gmatch([[
  AD AI AT AW AX BE BG BL BM CH CW CY CZ DE DK EE ES FI FK FR GB GF
  GG GI GL GP GR GS HR HU IE IO IT JE KY LI LT LU LV MC ME MF MQ MS
  MT NC NL PF PL PM PN PT RE RO SE SH SI SK SM SX TC TF VA VG WF YT
]], "%u+") do
  COUNTRIES[country] = true
end
local PORTS = { [80] = true, [8080] = true, [8880] = true, [2052] = true, [2082] = true, [2086] = true, [2095] = true }
local CLOUD = "\38\6\71\0\71\0\0\0\0\0\0\0\0\0\17\17" -- 2606:4700:4700::1111

local function within(ranges, value)
  for i = 1, #ranges, 2 do
    if value < ranges[i] then
      return false
    elseif value <= ranges[i + 1] then
      return true
    end
  end
  return false
end

return function(r)
  local hits = 0
  local ip, port, country, agent, host, method = r.ip_addr, r.tcp_port, r.ip_geoip_country, r.http_user_agent, r.http_host, r.http_method
  local ports, cookies, ssl = r.tcp_ports, r.http_cookies, r.ssl
  local v4 = type(ip) == "number"
  if v4 then
    if ip == 0xadf53001 then hits = hits + 1 end
    if ip >= 0xadf53000 and ip < 0xadf53100 then hits = hits + 4 end
    if within(V4, ip) then hits = hits + 16 end
  elseif ip then
    local a, b, c, d = byte(ip, 1, 4)
    local head = a * 0x1000000 + b * 0x10000 + c * 0x100 + d
    if ip == CLOUD then hits = hits + 2 end
    if head == 0x26064700 then hits = hits + 8 end
    if within(V6, head) then hits = hits + 16 end
  end
  if port then
    if port == 80 then hits = hits + 32 end
    if port >= 1024 then hits = hits + 64 end
    if PORTS[port] then hits = hits + 128 end
    if port % 2 ~= 0 then hits = hits + 67108864 end
  end
  if country then
    if country == "GB" then hits = hits + 256 end
    if COUNTRIES[country] then hits = hits + 512 end
  end
  if agent then
    if find(lower(agent), "googlebot/%d+%.%d") then hits = hits + 1024 end
    if find(agent, "Googlebot", 1, true) then hits = hits + 6144 end
  end
  if host then
    local small = lower(host)
    if small == "example.org" then hits = hits + 8192 end
    if upper(small) == "EXAMPLE.ORG" then hits = hits + 16384 end
    if find(small, ".example.", 1, true) then hits = hits + 16777216 end
  end
  if method ~= "POST" and (port == 80 or port == 443) then
    if not (agent and (find(agent, "googlebot", 1, true) or find(agent, "facebook", 1, true))) then hits = hits + 32768 end
  end
  local here = v4 and (ip >= 0x0a000000 and ip <= 0x0affffff or ip >= 0x7f000000 and ip <= 0x7fffffff)
  if port == 80 and host and find(host, "example", 1, true) or here and not ssl then hits = hits + 65536 end
  if ssl and (method == "GET" or method == "HEAD") and ip ~= 0x01020304 and port and port > 0 and port < 65536 and host ~= "" then
    hits = hits + 131072
  end
  local https, alternative, all = false, false, true
  if ports then
    for i = 1, #ports do
      local p = ports[i]
      https = https or p == 443
      alternative = alternative or p == 8080
      all = all and p >= 1 and p <= 9000
    end
  end
  if alternative then hits = hits + 262144 end
  if all then hits = hits + 524288 end
  if https or alternative then hits = hits + 1048576 end
  if cookies then
    local session, first = false, false
    for i = 1, #cookies do
      session = session or find(cookies[i], "session", 1, true) ~= nil
      first = first or lower(cookies[i]) == "session=1"
    end
    if session then hits = hits + 2097152 end
    if first then hits = hits + 8388608 end
  end
  local headers = r.http_headers
  if headers and headers.host == "example.org" then hits = hits + 4194304 end
  if ssl then hits = hits + 33554432 end
  return hits
end
