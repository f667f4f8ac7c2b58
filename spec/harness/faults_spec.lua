-- The fault server, tried by a plain client: each method has its effect, and the server knows what is true.
local http = require "socket.http"
local ltn12 = require "ltn12"
local cjson = require "cjson"
local socket = require "socket"
local faults = require "spec.support.faults"
local system = require "spec.support.system"

local NAMED = '{"name":"a name","policies":[]}'

-- The result of a plain request, its status, and the whole answer; nil where none came.
local function ask(method, path, body, credential)
  local got = {}
  local ok, status = http.request {
    url = faults.options "plain".base_url .. path, method = method, sink = ltn12.sink.table(got),
    source = body and ltn12.source.string(body),
    headers = { ["Content-Length"] = body and #body or 0, Authorization = "Bearer " .. (credential or "nobody's") },
  }
  if not ok or #got == 0 then return nil, status end
  local answer = cjson.decode(table.concat(got))
  return answer.result, status, answer
end

local function path_of(id, account) return ("/accounts/%s/tokens/%s"):format(account or faults.account, id) end

local function world(entry)
  entry.id = faults.fresh()
  faults.register { entry }
  return entry.id, path_of(entry.id), ("/accounts/%s/tokens"):format(entry.id)
end

local function truth(id) return faults.truth({ id })[1] end

describe("the fault server", function()
  it("removes by DELETE", function()
    local id, path = world {}
    assert.same({ id = id }, (ask("DELETE", path)))
    assert.equal(404, (select(2, ask("GET", path))))
    local t = truth(id)
    assert.same({ 1, 0, "absent", 0 }, { t.done.delete, t.done.create, t.state, #t.live })
  end)

  it("makes a token and its secret by POST, each time others", function()
    local id, _, collection = world { account = true }
    local first, second = ask("POST", collection, NAMED), ask("POST", collection, NAMED)
    assert.equal("a name", first.name)
    assert.truthy(first.id:find "^%x+$" and #first.id == 32 and first.value:find "^cfat_%w+$")
    assert.are_not.equal(first.id, second.id)
    assert.are_not.equal(first.value, second.value)
    local t = truth(id)
    assert.same({ 2, 2, 2 }, { t.arrived, t.done.create, #t.tokens })
    table.sort(t.live)
    assert.same(first.value < second.value and { first.value, second.value } or { second.value, first.value }, t.live)
  end)

  it("shows in a list, and alone, what was made, without its secret", function()
    local id, _, collection = world { account = true }
    local made = ask("POST", collection, NAMED)
    local list, _, answer = ask("GET", collection .. "?per_page=50")
    assert.same({ 1, made.id, "a name" }, { answer.result_info.total_count, list[1].id, list[1].name })
    assert.is_nil(list[1].value)
    local got = ask("GET", path_of(made.id, id))
    made.value = nil
    assert.same(made, got)
    assert.same({ 2, 2 }, { truth(id).gets, truth(id).cacheable })
  end)

  it("rolls by PUT of the value: the result is the new secret, and the last one is dead", function()
    local id, path = world { value = "first" }
    local second = ask("PUT", path .. "/value", "{}")
    local third = ask("PUT", path .. "/value", "{}")
    local t = truth(id)
    assert.same({ "first", second, third }, t.tokens[1].values)
    assert.same({ third }, t.live)
    assert.equal(2, t.done.roll)
    assert.equal(404, (select(2, ask("PUT", path_of(faults.fresh()) .. "/value", "{}"))))
  end)

  it("replaces by PUT all that can be set", function()
    local id, path = world { fields = { name = "old", status = "active", condition = { a = 1 } }, value = "first" }
    local result = ask("PUT", path, '{"name":"new","value":"mine","issued_on":"never"}')
    assert.same({ id, "new", nil }, { result.id, result.name, result.condition })
    local t = truth(id)
    assert.same({ { name = "new", status = "active" }, { "first" }, 1 }, { t.tokens[1].fields, t.live, t.done.update })
    assert.equal(400, (select(2, ask("PUT", path, "no JSON"))))
    assert.equal(1, truth(id).done.update)
  end)

  it("says to verify whose secret it is, and refuses one that is dead", function()
    local id, path = world { value = "before-" .. faults.fresh() }
    local old = truth(id).live[1]
    assert.equal(id, ask("GET", path_of "verify", nil, old).id)
    local new = ask("PUT", path .. "/value", "{}")
    assert.equal(id, ask("GET", "/user/tokens/verify", nil, new).id)
    local _, status, answer = ask("GET", path_of "verify", nil, old)
    assert.same({ 401, 1000 }, { status, answer.errors[1].code })
  end)

  it("knows the same under the user", function()
    local id = world {}
    assert.same({ id = id }, (ask("DELETE", "/user/tokens/" .. id)))
    assert.equal("absent", truth(id).state)
  end)

  -- A script holds for every method: a lost answer, with the effect and without it.
  for method, made in pairs { POST = "create", PUT = "update", DELETE = "delete" } do
    for _, effect in ipairs { true, false } do
      it(("loses the answer to a %s, %s"):format(method, effect and "done" or "not done"), function()
        local id, path, collection = world { account = method == "POST",
          scripts = { { method = method, raw = "", effect = effect, ["end"] = "rst" } } }
        assert.is_nil(ask(method, method == "POST" and collection or path, method ~= "DELETE" and NAMED))
        local t = truth(id)
        assert.same({ 1, effect and 1 or 0, "nothing" }, { t.arrived, t.done[made], t.answers[1].says })
      end)
    end
  end

  it("changes nothing by what it refuses, nor by half a request, unless it is hasty", function()
    local id, _, collection = world { account = true, scripts = { { say = "throttled" }, { early = true } } }
    assert.equal(429, (select(2, ask("POST", collection, NAMED))))
    assert.equal(0, truth(id).done.create)
    local function half()
      local to = faults.options("plain").base_url
      local wire = assert(socket.connect("127.0.0.1", to:match ":(%d+)/"))
      wire:send(("POST /client/v4%s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"):format(collection, #NAMED, NAMED:sub(1, -2)))
      wire:shutdown "send"
      wire:receive "*a"
      wire:close()
      local t = truth(id)
      return { t.arrived, t.received, t.done.create }
    end
    assert.same({ 2, 1, 1 }, half())
    assert.same({ 3, 1, 1 }, half())
  end)

  for _, over in ipairs { "http1", "http2" } do
    it("reads a whole body over " .. over, function()
      local id, _, collection = world { account = true }
      local made = cjson.decode(system.output(("LD_PRELOAD= curl -s --capath %s -d @- %s%s <<'END'\n%s\nEND"):format(
        os.getenv "SANDBOX_CA_PATH", faults.options(over).base_url, collection,
        cjson.encode { name = ("n"):rep(40000) }))).result
      assert.same({ 40000, made.value }, { #made.name, truth(id).live[1] })
    end)
  end

  it("keeps what it says in a reply that goes out whole, where it is honest", function()
    local id, _, collection = world { account = true, scripts = {
      { cut = 100, effect = false, honest = true }, { cut = 100000, effect = false, honest = true } } }
    ask("POST", collection, NAMED)
    assert.equal(0, truth(id).done.create)
    ask("POST", collection, NAMED)
    assert.equal(1, truth(id).done.create)
  end)

  it("breaks the connection that it is told to break, and knows whether a request left on it", function()
    for _, reads in ipairs { false, true } do
      local id, path = world {}
      local port = faults.listen("plain", 1, { id = id, at = 2, down = 10, reads = reads or nil })[1]
      local url = ("http://127.0.0.1:%d/client/v4%s"):format(port, path)
      assert.equal(200, (select(2, http.request(url))))
      assert.is_false(truth(id).left)
      assert.is_nil((http.request(url)))
      assert.equal(not reads, truth(id).left)
      assert.equal(200, (select(2, http.request(url))))
    end
  end)

  it("takes no goodbye for a request: the alert with which a client ends TLS", function()
    local id = world {}
    local port = faults.listen("http1", 1, { id = id, up = 100000 })[1]
    local said = system.output(("LD_PRELOAD= openssl s_client -tls1_3 -connect localhost:%d 2>&1 </dev/null"):format(port))
    local handshake = tonumber(said:match "written (%d+) bytes")
    assert(system.wait_until(function() return truth(id).relayed > handshake end), "it does not happen")
    assert.is_false(truth(id).left)
  end)

  it("dates a token as it is told", function()
    local _, path = world { modified = "2026-01-01T00:00:00Z" }
    assert.equal("2026-01-01T00:00:00Z", ask("GET", path).modified_on)
  end)

  it("lets a middleman make two of one", function()
    local id, _, collection = world { account = true, scripts = { { copies = true } } }
    local second = ask("POST", collection, NAMED)
    local t = truth(id)
    assert.same({ 1, 1, 2, second.value }, { t.arrived, t.copied, t.done.create, t.live[2] })
  end)
end)
