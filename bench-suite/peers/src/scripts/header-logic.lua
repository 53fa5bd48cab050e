local LOOPBACK = string.rep("\0", 15) .. "\1"

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

local function above(values, bound)
  if values then
    for i = 1, #values do
      if values[i] > bound then
        return true
      end
    end
  end
  return false
end

local function within(ips, first, last)
  if ips then
    for i = 1, #ips do
      local ip = ips[i]
      if type(ip) == "number" and ip >= first and ip <= last then
        return true
      end
    end
  end
  return false
end

return function(r)
  local hits = 0
  local dst, src, len = r.tcp_dstport, r.tcp_srcport, r.tcp_len
  local syn, ack, reset = r.tcp_flags_syn, r.tcp_flags_ack, r.tcp_flags_reset
  local window, udp_length = r.tcp_window_size_value, r.udp_length
  local usual = dst == 80 or dst == 443 or dst == 8080
  local started = syn == true and ack == false
  if started then hits = hits + 1 end
  if reset and len == 0 then hits = hits + 2 end
  if (dst == 80 or dst == 8080) and len and len > 0 and r.tcp_flags_push then hits = hits + 4 end
  if not usual and (within(r.ip_dst, 0x7f005000, 0x7f0050ff) or within(r.ip_dst, 0x7f002b00, 0x7f002bff)) then hits = hits + 8 end
  if r.tcp and not (ack or syn or reset) then hits = hits + 16 end
  if src and src < 1024 and dst and dst >= 32768 and any(r.ip_ttl, 64) then hits = hits + 32 end
  if window and window >= 512 and window < 65000 and len and r.frame_len - len > 60 then hits = hits + 64 end
  if r.udp_srcport == 53 and udp_length and udp_length > 100 or src == 53 and len and len > 0 then hits = hits + 128 end
  if started and not usual and within(r.ip_src, 0x7f420000, 0x7f42ffff) then hits = hits + 256 end
  if any(r.icmp_type, 8) or any(r.icmp_type, 0) or any(r.icmpv6_type, 128) or any(r.icmpv6_type, 129) then hits = hits + 512 end
  if r.frame_len > 400 and any(r.udp_port, 5060) and within(r.ip_src, 0x7f320000, 0x7f32ffff) then hits = hits + 1024 end
  local web = any(r.ipv6_src, LOOPBACK) and (any(r.tcp_port, 80) or any(r.tcp_port, 443))
  local last = r.tcp_flags_fin == true and above(r.ipv6_hlim, 60)
  if web ~= last then hits = hits + 2048 end
  return hits
end
