-- Which rules match which records of a table, from LuaJIT through its FFI.
--
--     luajit filter.lua RULES SCHEME.toml TABLE.tsv BACKEND
--
-- The table is as in examples/c/filter.c, and so is what is printed. QUINTET_PREFIX says where the library is installed [default: /usr/local].
local ffi = require "ffi"

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

-- The declarations are those of the installed header, without what is for the preprocessor.
local prefix = os.getenv "QUINTET_PREFIX" or "/usr/local"
local header = read(prefix .. "/include/quintet.h"):gsub("#ifdef __cplusplus.-#endif[^\n]*", ""):gsub("\n#[^\n]*", "\n"):gsub("^#[^\n]*", "")
ffi.cdef(header)
local C = ffi.load(prefix .. "/lib/libquintet.so")

local function text(t) return t.len == 0 and "" or ffi.string(t.data, t.len) end

-- Raises what a call says was wrong. The last argument of each call is where its error goes to.
local function check(name, ...)
    local wrong, arguments = ffi.new "quintet_error *[1]", { ... }
    arguments[#arguments + 1] = wrong
    if C[name](unpack(arguments)) == C.QUINTET_STATUS_OK then return end
    local message, found = { text(C.quintet_error_message(wrong[0])) }, ffi.new "quintet_diagnostic"
    local i = 0
    while C.quintet_error_diagnostic(wrong[0], i, found) do
        message[#message + 1] = ("  bytes %d to %d: %s (%s)"):format(found.start, found["end"], text(found.message), text(found.help))
        i = i + 1
    end
    C.quintet_error_free(wrong[0])
    error(table.concat(message, "\n"), 0)
end

-- A new object, which is freed when nothing refers to it.
local function new(kind, make, ...)
    local out = ffi.new(kind .. " *[1]")
    local arguments = { ... }
    arguments[#arguments + 1] = out
    check(make, unpack(arguments))
    return ffi.gc(out[0], C[kind .. "_free"])
end

local rules_path, scheme_path, table_path, backend = ...
if not backend then
    io.stderr:write "usage: luajit filter.lua RULES SCHEME.toml TABLE.tsv BACKEND\n"
    os.exit(2)
end
local bytes = function(s) return ffi.cast("const uint8_t *", s), #s end
local source, scheme_text = read(rules_path), read(scheme_path)
local engine = new("quintet_engine", "quintet_engine_new")
local data, len = bytes(scheme_text)
local scheme = new("quintet_scheme", "quintet_scheme_from_toml", engine, data, len)
local id, id_len = bytes(backend)
data, len = bytes(source)
local rules = new("quintet_rules", "quintet_rules_compile", engine, scheme, data, len, id, id_len)
local instance = new("quintet_instance", "quintet_instance_new", rules)
local batch = new("quintet_batch", "quintet_batch_new", scheme)
local matches = new("quintet_matches", "quintet_matches_new")

local lines = {}
for port, host, src in read(table_path):gmatch "([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\n" do lines[#lines + 1] = { port, host, src } end
local rows = #lines
local ports, offsets = ffi.new("int64_t[?]", rows), ffi.new("int32_t[?]", rows + 1)
local valid, addresses = ffi.new("uint8_t[?]", rows / 8 + 1), ffi.new("uint8_t[?]", rows * 4)
local hosts = {}
for i, line in ipairs(lines) do
    ports[i - 1] = tonumber(line[1])
    hosts[i] = line[2]
    offsets[i] = offsets[i - 1] + #line[2]
    if line[2] ~= "" then valid[(i - 1) / 8] = bit.bor(valid[(i - 1) / 8], bit.lshift(1, (i - 1) % 8)) end
    local at = (i - 1) * 4
    for byte in line[3]:gmatch "%d+" do
        addresses[at] = tonumber(byte)
        at = at + 1
    end
end
local all = table.concat(hosts)
local columns = ffi.new("quintet_column[3]")
for i, name in ipairs { "port", "host", "src" } do
    local field = ffi.new "uint32_t[1]"
    local data, len = bytes(name)
    assert(C.quintet_scheme_field(scheme, data, len, field), name)
    columns[i - 1].field = field[0]
end
columns[0].kind, columns[0].values = C.QUINTET_KIND_I64, ports
columns[1].kind, columns[1].values, columns[1].data, columns[1].data_len = C.QUINTET_KIND_BYTES32, offsets, bytes(all)
columns[1].valid = valid
columns[2].kind, columns[2].values = C.QUINTET_KIND_IP4, addresses

check("quintet_batch_fill", batch, columns, 3, rows)
check("quintet_instance_run", instance, batch, matches)
local names = {}
for rule = 0, tonumber(C.quintet_matches_rules(matches)) - 1 do names[rule] = text(C.quintet_rules_name(rules, rule)) end
for record = 0, rows - 1 do
    for rule = 0, #names do
        if C.quintet_matches_get(matches, rule, record) then io.write(names[rule], "\t", record + 1, "\n") end
    end
end
