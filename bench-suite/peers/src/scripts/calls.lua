local function inc(x)
  return x + 1
end

return function(r)
  return inc(r.n) == 42 and 1 or 0
end
