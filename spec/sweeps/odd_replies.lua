-- Every odd reply of a server, with the deletion done and not done. A row: what it is; the script; what it amounts to:
--   ambiguous   the call has to ask: `gone` where the deletion took effect, else `deleted` by a second one
--   either      the proof stands in it, and libcurl may take it or not
--   slow        ambiguous, but a busy machine may lose the second reply, too
--   …           the one right outcome
-- and `over`: h1 is plain and TLS, h2 is HTTP/2; without it all three.
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local PROOF = '{"success":true,"errors":[],"messages":[],"result":{"id":"$ID"}}'
local NO = '{"success":false,"errors":[{"code":1000,"message":"no"}],"messages":[],"result":null}'
local HTML = "<html><body>no API</body></html>"
local LENGTH = #PROOF - #"$ID" + 32
local HURRY = { attempt_timeout = 3 } -- for replies that never end

local rows = {}
local function row(name, script, amounts_to, more)
  rows[#rows + 1] = { name = name, script = script, amounts_to = amounts_to or "ambiguous", more = more or {} }
end

local h1, h2 = { over = "h1" }, { over = "h2" }
local h1_slow, h2_slow, slow = { over = "h1", options = HURRY }, { over = "h2", options = HURRY }, { options = HURRY }

-- The end of the connection in place of a reply.
for _, how in ipairs { "fin", "notify", "rst" } do
  row("no answer, " .. how, { raw = "", ["end"] = how })
  row("no answer on a kept connection, " .. how, { raw = "", ["end"] = how }, nil, { warm = {} })
  row("every byte came, then " .. how, { ["end"] = how }, "deleted", h1)
  row("every byte came, then " .. how, { ["end"] = how }, how == "rst" and "either" or "deleted", h2)
end
row("no answer by the deadline", { raw = "", ["end"] = "stall" }, "slow", slow)
row("no answer by the deadline on a kept connection", { raw = "", ["end"] = "stall" }, "slow", { warm = {}, options = HURRY })
row("headers, then nothing", { cut = -95, ["end"] = "stall" }, "slow", slow)
row("all but one byte, then nothing", { cut = -1, ["end"] = "stall" }, "slow", slow)
row("slow-loris headers", { drip = { from = 3, every = 0.1 } }, "slow", slow)
row("slow-loris body", { drip = { from = -60, every = 0.1 } }, "slow", slow)
row("a drip that ends in time", { drip = { from = 0, every = 0.001 } }, "deleted")
row("a late reply", { pause = { at = 0, seconds = 0.3 } }, "deleted")
row("a reply in two pieces", { pause = { at = 100, seconds = 0.1 } }, "deleted")

-- Bodies of a 200.
local bodies = {
  { "HTML", HTML }, { "empty", "" }, { "blank", " \r\n" }, { "null", "null" }, { "an array", "[]" }, { "an object", "{}" },
  { "a number", "42" }, { "true", "true" }, { "a string", '"ok"' }, { "success false", (PROOF:gsub("true", "false")) },
  { "success false with errors", NO }, { "success a string", (PROOF:gsub("true", '"true"')) },
  { "success 1", (PROOF:gsub("true", "1")) }, { "success null", (PROOF:gsub("true", "null")) },
  { "success missing", '{"result":{"id":"$ID"}}' }, { "success twice", (PROOF:gsub("^{", '{"success":false,')) },
  { "success twice, true both times", (PROOF:gsub("^{", '{"success":true,')) },
  { "success twice, once in escapes", (PROOF:gsub("^{", '{"succ\\u0065ss":false,')) },
  { "Success in upper case", (PROOF:gsub("success", "Success")) },
  { "result null", '{"success":true,"errors":[],"result":null}' }, { "result missing", '{"success":true,"errors":[]}' },
  { "result twice", (PROOF:gsub("^{", '{"result":{"id":"' .. ("e"):rep(32) .. '"},')) },
  { "result an array", '{"success":true,"result":[{"id":"$ID"}]}' },
  { "result the id", '{"success":true,"result":"$ID"}' }, { "result empty", '{"success":true,"result":{}}' },
  { "another id", '{"success":true,"result":{"id":"' .. ("e"):rep(32) .. '"}}' },
  { "id twice", '{"success":true,"result":{"id":"' .. ("e"):rep(32) .. '","id":"$ID"}}' },
  { "id a number", '{"success":true,"result":{"id":12345678901234567890123456789012}}' },
  { "id in a list", '{"success":true,"result":{"id":["$ID"]}}' }, { "id null", '{"success":true,"result":{"id":null}}' },
  { "id with a NUL behind it", '{"success":true,"result":{"id":"$ID\\u0000"}}' },
  { "id with a raw NUL behind it", '{"success":true,"result":{"id":"$ID\0"}}' },
  { "id with a blank", '{"success":true,"result":{"id":"$ID "}}' },
  { "id deeper down", '{"success":true,"result":{"token":{"id":"$ID"}}}' },
  { "id at the top", '{"success":true,"id":"$ID"}' },
  { "garbage behind", PROOF .. "x" }, { "garbage before", "x" .. PROOF }, { "a second object", PROOF .. "{}" },
  { "twice", PROOF .. PROOF }, { "a NUL behind", PROOF .. "\0" }, { "BOM", "\239\187\191" .. PROOF },
  { "UTF-16", (PROOF:gsub(".", "%0\0")) }, { "bad UTF-8", (PROOF:gsub("{", '{"a":"\255",', 1)) },
  { "a lone surrogate in UTF-8", (PROOF:gsub("{", '{"a":"\237\160\128",', 1)) },
  { "a control byte in a string", (PROOF:gsub("{", '{"a":"\1",', 1)) }, { "NaN", (PROOF:gsub("{", '{"a":NaN,', 1)) },
  { "hexadecimal", (PROOF:gsub("{", '{"a":0x1,', 1)) }, { "a comment", "/**/" .. PROOF },
  { "a trailing comma", (PROOF:gsub("}$", ",}")) }, { "single quotes", (PROOF:gsub('"', "'")) },
  { "nesting bomb", ("["):rep(30000) }, { "nesting bomb inside", (PROOF:gsub("%[%]", ("["):rep(2000) .. ("]"):rep(2000), 1)) },
  { "cut by the server itself", PROOF:sub(1, -2) }, { "cut inside a string", PROOF:sub(1, 20) },
}
for _, body in ipairs(bodies) do row("200: " .. body[1], { body = body[2] }) end
row("200: the proof with blanks", { body = " " .. PROOF .. "\r\n\t " }, "deleted")
row("200: the proof in escapes", { body = (PROOF:gsub("success", "\\u0073uccess")) }, "deleted")
row("200: success true, and errors", { body = (PROOF:gsub("%[%]", '[{"code":1,"message":"?"}]', 1)) }, "deleted")

-- Statuses.
for _, status in ipairs { 201, 202, 203, 206, 226, 299, 300, 301, 302, 303, 305, 307, 308, 399, 408, 500, 501, 502, 503, 504, 520,
  521, 522, 523, 524, 525, 526, 527, 530, 599 } do
  row(status .. " with the proof", { status = status, headers = { { "Location", "/client/v4/elsewhere" } } })
  row(status .. " as HTML", { status = status, body = HTML })
  row(status .. " says no", { status = status, body = NO })
end
for _, status in ipairs { 400, 401, 403, 404, 405, 407, 409, 410, 413, 417, 422, 425, 429, 451, 499 } do
  row(status .. " with the proof", { status = status })
  row(status .. " as HTML", { status = status, body = HTML })
  row(status .. " empty", { status = status, body = "" })
  row(status .. " without errors", { status = status, body = (NO:gsub("%[.-%]", "[]", 1)) })
  row(status .. " with errors that are none", { status = status, body = (NO:gsub("%[.-%]", '["no"]', 1)) })
  if status ~= 404 and status ~= 429 then row(status .. " says no", { status = status, body = NO }, "refused") end
end
row("429 says no, once", { say = "throttled", effect = false }, "deleted")
row("429 says no, and there are no retries", { say = "throttled" }, "refused", { options = { max_retries = 0 } })
row("429 for longer than the deadline", { say = "throttled", headers = { { "Retry-After", "9999" } } }, "refused",
  { alone = true })
row("404 says absent", {}, "not_found", { state = "absent" })
row("404 hides it", {}, "not_found", { state = "hidden" })
row("404 of the route", { say = "no_route" }, "refused")
row("404 of the route, by the cause alone", { say = "no_route_below" }, "refused")
row("404 of a Worker's router", { say = "worker" }, "refused")
row("404 of the credential", { say = "unauthorized_404" }, "refused")
row("404 of the credential's reach", { say = "forbidden_404" }, "refused")
row("404 without a code", { say = "gateway" })
row("404 with an empty error", { say = "gateway_empty" })
row("404 with a null for a code", { status = 404, body = (NO:gsub("1000", "null")) })
row("404 with a code in words", { status = 404, body = (NO:gsub("1000", '"1003"')) })
row("204", { status = 204, body = "" })
row("204 with a body", { status = 204 }, nil, h1)
row("304", { status = 304, body = "" })
row("status 000", { status = "000" })
row("status 999", { status = 999 })

-- Before the reply.
row("five 1xx", { interim = { 100, 103, 102, 103, 100 } }, "deleted")
local hints = {}
for i = 1, 6000 do hints[i] = 103 end
row("1xx without end", { interim = hints })
row("1xx, then nothing", { interim = { 100 }, cut = 20 }, nil, h1)
row("101", { status = 101 }, "slow", { over = "h1", options = HURRY })

-- Headers and framing.
local function header(name, value) return { headers = { { name, value } } } end
row("header flood", { headers = { { "X-Flood", ("x"):rep(1000) } }, flood = 100 })
row("one long header", header("X-Long", ("x"):rep(90000)))
row("huge body", { body = "x", ["repeat"] = 8000000 })
row("huge body, chunked", { body = "x", ["repeat"] = 8000000, framing = "chunked" }, nil, h1)
row("huge body, to the close", { body = "x", ["repeat"] = 8000000, framing = "close" }, nil, h1)
row("a proof behind 64 KiB of blanks", { body = (" "):rep(70000) .. PROOF })
row("a proof, and garbage behind 64 KiB of blanks", { body = PROOF .. (" "):rep(70000) .. "x" })
row("Content-Encoding gzip", header("Content-Encoding", "gzip"))
row("Content-Encoding identity", { headers = { { "Content-Encoding", "identity" } }, sound = true }, "deleted")
row("chunked", { framing = "chunked" }, "deleted", h1)
row("to the close", { framing = "close" }, "deleted", h1)
row("to the close, rudely", { framing = "close", ["end"] = "rst" }, "either", h1)
row("two Content-Lengths", header("Content-Length", "10"), nil, h1)
row("two Content-Lengths that agree", { headers = { { "Content-Length", LENGTH } }, sound = true }, "deleted", h1)
row("a length list", { framing = "close", headers = { { "Content-Length", LENGTH .. ", " .. LENGTH } } }, "either", h1)
row("a negative length", { framing = "close", headers = { { "Content-Length", "-1" } } }, "either", h1)
row("a length in hexadecimal", { framing = "close", headers = { { "Content-Length", "0x5d" } } }, "either", h1)
row("an absurd length", { length = 1e20, ["end"] = "fin" }, "either", h1)
row("a length too long", { length = 500, ["end"] = "fin" })
row("a length too long, kept open", { length = 500 }, "slow", h1_slow)
row("a length too short", { length = 50 })
row("length 0", { length = 0 })
row("bytes behind the length", { body = PROOF .. "HTTP/1.1 200 OK\r\n", length = LENGTH, sound = true }, "deleted", h1)
row("chunked and a length", { framing = "chunked", headers = { { "Content-Length", LENGTH } } }, nil, h1)
row("Transfer-Encoding gzip", { framing = "close", headers = { { "Transfer-Encoding", "gzip" } } }, nil, h1)
row("Transfer-Encoding unknown", { framing = "close", headers = { { "Transfer-Encoding", "x" } } }, "either", h1)
row("a bad chunk size", { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" }, nil, h1)
row("an absurd chunk size", { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}" }, nil, h1)
row("a header without a colon", { headers = { { "Odd\r\nX", "1" } } }, "either", h1)
row("a folded header", { headers = { { "X-Folded", "1\r\n 2" } } }, "either", h1)
row("a blank before the colon", { headers = { { "X-Odd ", "1" } } }, "either", h1)
row("a NUL in a header", header("X-Nul", "\0"), "either", h1)
row("Connection: close, and kept open", header("Connection", "close"), "either", h1)
row("Upgrade: h2c", { headers = { { "Upgrade", "h2c" }, { "Connection", "Upgrade" } } }, "either", h1)

-- Not HTTP at all.
local function with_length(line) return line .. "\r\nContent-Length: 2\r\n\r\n{}" end
for _, answer in ipairs {
  { "SSH", "SSH-2.0-OpenSSH_9.2\r\n" }, { "NULs", ("\0"):rep(50) }, { "bare JSON", PROOF }, { "a lone line end", "\r\n\r\n" },
  { "HTTP/9.9", with_length "HTTP/9.9 200 OK" }, { "no status", with_length "HTTP/1.1 OK" },
  { "status of letters", with_length "HTTP/1.1 2OO OK" }, { "a long status", with_length "HTTP/1.1 2000 OK" },
  { "ICY", with_length "ICY 200 OK" }, { "RTSP", with_length "RTSP/1.0 200 OK" }, { "a status line alone", "HTTP/1.1 200 OK\r\n" },
  { "a TLS alert", "\21\3\1\0\2\2\40" }, { "HTTP/2 in clear", "\0\0\0\4\0\0\0\0\0" },
} do
  row("not HTTP: " .. answer[1], { raw = answer[2], ["end"] = "fin" })
end
row("HTTP/1.1 where HTTP/2 was agreed", { raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", ["end"] = "fin" }, nil, h2)

-- HTTP/2 frames.
for code = 0, 13 do
  row(("RST_STREAM 0x%x in place of a reply"):format(code), { frames = { { "reset", code } } }, nil, h2)
  row(("RST_STREAM 0x%x after the headers"):format(code), { frames = { "headers", { "reset", code } } }, nil, h2)
  row(("RST_STREAM 0x%x amid the body"):format(code), { frames = { "headers", { "data", 0, 40 }, { "reset", code } } }, nil, h2)
  -- With NO_ERROR behind a body as long as its Content-Length says, newer libcurl takes the reply for whole.
  row(("RST_STREAM 0x%x before END_STREAM"):format(code),
    { frames = { "headers", "data", { "reset", code } }, sound = code == 0 or nil }, "either", h2)
  row(("RST_STREAM 0x%x after the reply"):format(code), { frames = { "headers", "data_end", { "reset", code } }, sound = true },
    "deleted", h2)
  for _, below in ipairs { 0, 2 } do
    local where = below == 0 and "at" or "below"
    row(("GOAWAY 0x%x %s the stream, then the end"):format(code, where),
      { frames = { { "goaway", below, code } }, ["end"] = "fin" }, nil, h2)
    row(("GOAWAY 0x%x %s the stream after the headers, then the end"):format(code, where),
      { frames = { "headers", { "goaway", below, code } }, ["end"] = "fin" }, nil, h2)
  end
  row(("GOAWAY 0x%x at the stream, then the reply"):format(code),
    { frames = { { "goaway", 0, code }, "headers", "data_end" }, sound = true }, "either", h2)
end
row("GOAWAY below the stream, kept open", { frames = { { "goaway", 2, 0 } } }, "slow", h2_slow)
row("END_STREAM on the headers", { frames = { "headers_end" } }, nil, h2)
row("END_STREAM on the headers, without a length", { frames = { "headers_end" }, length = false }, nil, h2)
row("END_STREAM amid the body", { frames = { "headers", { "data_end", 0, 40 } } }, nil, h2)
row("END_STREAM amid the body, without a length", { frames = { "headers", { "data_end", 0, 40 } }, length = false }, nil, h2)
row("DATA longer than the length", { frames = { "headers", "data", { "data_end", 0, 5 } } }, nil, h2)
row("DATA after END_STREAM", { frames = { "headers_end", "data_end" } }, nil, h2)
row("DATA before the headers", { frames = { "data", "headers_end" } }, nil, h2)
row("the headers twice", { frames = { "headers", "headers", "data_end" } }, nil, h2)
row("no answer on the stream", { frames = {}, ["end"] = "rest" }, "slow", h2_slow)
row("headers without DATA", { frames = { "headers" }, ["end"] = "rest" }, "slow", h2_slow)
row("an unknown frame first", { frames = { { "raw", 77, 0, "x" }, "headers", "data_end" }, sound = true }, "deleted", h2)
row("trailers", { frames = { "headers", "data", "trailers" }, sound = true }, "deleted", h2)
row("empty DATA at the end", { frames = { "headers", "data", { "data_end", 999 } }, sound = true }, "deleted", h2)
row("a push", { frames = { { "raw", 5, 4, "\0\0\0\2\136" }, "headers", "data_end" } }, "either", h2)
row("an oversized frame", { frames = { { "raw", 0, 0, ("x"):rep(20000) } } }, nil, h2)
row("garbage for a header block", { frames = { { "raw", 1, 5, "\255\255\255\255\255\255" } } }, nil, h2)
row("a header block without :status", { frames = { { "raw", 1, 5, "" } } }, nil, h2)
row("DATA on stream 0", { frames = { { "raw", 0, 0, "x", 0 } } }, nil, h2)
row("WINDOW_UPDATE 0", { frames = { { "raw", 8, 0, "\0\0\0\0" }, "headers", "data_end" } }, "either", h2)
row("SETTINGS that shrink the window", { frames = { { "raw", 4, 0, "\0\4\255\255\255\255", 0 }, "headers", "data_end" } }, "either", h2)
row("1xx with END_STREAM", { frames = { { "raw", 1, 5, "\8\003103" } } }, nil, h2)

-- What one reply leaves behind on its connection must not answer the next call.
local ANSWER = ("HTTP/1.1 404 -\r\nContent-Length: %d\r\n\r\n%s"):format(#NO, NO)
row("after a call whose reply came twice", {}, "deleted", { over = "h1", warm = { { raw = ANSWER .. ANSWER } } })
for _, idle in ipairs { 0, 1 } do
  row("after a call whose reply came again, late, and a rest of " .. idle, {}, "deleted",
    { over = "h1", idle = idle, warm = { { raw = ANSWER .. ANSWER, pause = { at = #ANSWER, seconds = 0.05 } } } })
end
for where, first in pairs {
  ["in its status line"] = ANSWER:gsub("HTTP/1.1", "HTTP/2"), ["in a field"] = ANSWER:gsub("\r\n", "\r\nHTTP/2 field: x\r\n", 1),
  ["in an interim answer"] = "HTTP/2 103 -\r\n\r\n" .. ANSWER,
  ["in a trailer"] = ("HTTP/1.1 404 -\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nHTTP/2 field: x\r\n\r\n"):format(#NO, NO),
} do
  row("after a call whose reply came again, late, and said HTTP/2 " .. where, {}, "deleted",
    { over = "h1", idle = 1, warm = { { raw = first .. ANSWER, pause = { at = #first, seconds = 0.05 } } } })
end

local function allowed(amounts_to, effect)
  if amounts_to == "ambiguous" then return { [effect and "gone" or "deleted"] = true } end
  if amounts_to == "either" then return { deleted = true, gone = true } end
  if amounts_to == "slow" then return { deleted = not effect, gone = true } end
  return { [amounts_to] = true }
end

local function copy(script, effect)
  local made = { method = "DELETE", effect = effect }
  for name, value in pairs(script) do made[name] = value end
  return made
end

-- With the effect, and without it; but what carries the proof has it, and what refuses has not.
local EFFECTS = {
  ambiguous = { true, false }, slow = { true, false }, either = { true }, deleted = { true },
  refused = { false }, not_found = { false },
}

local OVER = { h1 = { "plain", "http1" }, h2 = { "http2" } }
local cases = {}
local function add(this, over, effect)
  local case = { over = over, name = this.name .. (effect and ", done" or ", not done") }
  for name, value in pairs(this.more) do case[name] = value end
  case.over = over
  case.scripts = { copy(this.script, effect) }
  case.allowed = allowed(this.amounts_to, effect)
  cases[#cases + 1] = case
end

for _, this in ipairs(rows) do
  for _, over in ipairs(OVER[this.more.over] or faults.transports) do
    for _, effect in ipairs(EFFECTS[this.amounts_to]) do add(this, over, effect) end
  end
end

local sweep = Sweep.new "odd replies"
fly(sweep, Sweep.share(cases, 500))
sweep:finish(("%d rows"):format(#rows))
