local function any(values, wanted)
  if values then
    for i = 1, #values do
      if values[i] == wanted then
        return true
      end
    end
  end
  return false
end

return function(r)
  local hits = 0
  if r.frame_len > 1000 then hits = hits + 1 end
  if any(r.tcp_port, 443) then hits = hits + 2 end
  if any(r.ip_src, 0x7f420606) then hits = hits + 4 end -- 127.66.6.6
  if r.tcp then hits = hits + 8 end
  if r.dns_qry_name == "example.com" then hits = hits + 16 end
  return hits
end
