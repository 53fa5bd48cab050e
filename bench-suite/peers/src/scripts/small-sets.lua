local function set(members)
  local lookup = {}
  for i = 1, #members do
    lookup[members[i]] = true
  end
  return lookup
end

local web = set { 80, 443, 8000, 8008, 8080, 8443, 8888 }
local mail = set { 25, 110, 143, 465, 587, 993, 995 }
local servers = set { 0x7f005001, 0x7f005002, 0x7f005003, 0x7f005004, 0x7f002b02, 0x7f003501, 0x7f003c01 }
local bad = set { 0x7f420606, 0x7f420607, 0x7f420901 }
local methods = set { "POST", "PUT", "PATCH", "DELETE" }
local names = set { "example.com", "www.example.com", "shop.example.org", "api.example.net" }

local function any(values, members)
  if values then
    for i = 1, #values do
      if members[values[i]] then
        return true
      end
    end
  end
  return false
end

-- 127.10.0.0/16, 127.20.0.0/16, 127.30.0.0/16
local function in_networks(ips)
  if ips then
    for i = 1, #ips do
      local ip = ips[i]
      if type(ip) == "number" then
        if ip >= 0x7f0a0000 and ip <= 0x7f0affff or ip >= 0x7f140000 and ip <= 0x7f14ffff or ip >= 0x7f1e0000 and ip <= 0x7f1effff then
          return true
        end
      end
    end
  end
  return false
end

return function(r)
  local hits = 0
  local dst, src = r.tcp_dstport, r.tcp_srcport
  if any(r.tcp_port, web) then hits = hits + 1 end
  if dst and mail[dst] then hits = hits + 2 end
  if src and (src >= 32768 and src <= 40000 or src >= 50000 and src <= 60999) then hits = hits + 4 end
  if any(r.ip_dst, servers) then hits = hits + 8 end
  if in_networks(r.ip_src) then hits = hits + 16 end
  if any(r.ip_src, bad) and not (dst == 80 or dst == 8080) then hits = hits + 32 end
  local name = r.dns_qry_name
  if any(r.http_request_method, methods) then hits = hits + 64 end
  if name and names[name] then hits = hits + 128 end
  return hits
end
