local find, lower, sub, byte, gmatch = string.find, string.lower, string.sub, string.byte, string.gmatch

-- Where a step up (../, %2e%2e/ or %2e%2e%2f) that begins at i ends, or nil.
local function step(text, i)
  if sub(text, i, i + 2) == "../" then
    return i + 2
  elseif sub(text, i, i + 5) == "%2e%2e" then
    if byte(text, i + 6) == 47 then
      return i + 6
    elseif sub(text, i + 6, i + 8) == "%2f" then
      return i + 8
    end
  end
end

-- Two steps up, one after the other.
local function climbs(text)
  local from = 1
  while true do
    local dots, coded = find(text, "../", from, true), find(text, "%2e%2e", from, true)
    local at = dots and coded and math.min(dots, coded) or dots or coded
    if not at then
      return false
    end
    local last = step(text, at)
    if last and step(text, last + 1) then
      return true
    end
    from = at + 1
  end
end

-- Where the 1 to 12 characters after i that are no letters end, or nil.
local function gap(text, i)
  local _, last = find(text, "^[^a-z]+", i + 1)
  return last and last - i <= 12 and last or nil
end

-- "union select" or "union all select", with anything but letters between, in a text in lower case.
local function unites(text)
  local from = 1
  while true do
    local at, last = find(text, "union", from, true)
    if not at then
      return false
    end
    local stop = gap(text, last)
    if stop then
      if sub(text, stop + 1, stop + 3) == "all" then
        stop = gap(text, stop + 3)
      end
      if stop and sub(text, stop + 1, stop + 6) == "select" then
        return true
      end
    end
    from = at + 1
  end
end

local function labelled(text)
  for run in gmatch(text, "[a-z2-7]+") do
    if #run >= 40 then
      return true
    end
  end
  return false
end

return function(r)
  local hits = 0
  local tcp, udp = r.tcp_payload, r.udp_payload
  if tcp and #tcp > 0 then
    local small = lower(tcp)
    if find(tcp, "/etc/passwd", 1, true) then hits = hits + 1 end
    if find(tcp, "password=", 1, true) then hits = hits + 2 end
    if find(tcp, "User-Agent: Mozilla/5.0", 1, true) then hits = hits + 4 end
    if find(tcp, "%${[a-z:]*jndi") then hits = hits + 8 end
    if unites(small) then hits = hits + 16 end
    if climbs(tcp) then hits = hits + 32 end
    if find(small, "<script", 1, true) or find(small, "%3cscript", 1, true) then hits = hits + 64 end
    if byte(tcp, 1) == 0x16 and byte(tcp, 2) == 0x03 and byte(tcp, 6) == 1 then hits = hits + 256 end
    if sub(tcp, 1, 4) == "GET " then hits = hits + 512 end
    if find(tcp, "Host: admin.example.com", 1, true) or find(tcp, "Host: intranet.example.test", 1, true) then hits = hits + 2048 end
  end
  if udp then
    if find(udp, "INVITE sip:", 1, true) and find(udp, "friendly-scanner", 1, true) then hits = hits + 128 end
    if labelled(udp) then hits = hits + 1024 end
  end
  return hits
end
