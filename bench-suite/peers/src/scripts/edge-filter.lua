local find = string.find
local FIRST, LAST = 0x7f000000, 0x7f3fffff -- 127.0.0.0/10

return function(r)
  local ip = r.ip_src
  if type(ip) == "number" and ip >= FIRST and ip <= LAST and r.http_request_method == "GET" and find(r.http_host, "example", 1, true) then
    return 1
  end
  return 0
end
