-- The module and its clients: what they show, how they close, who is asked.
local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"

local is_deleted = sandbox.is_deleted

describe("the module", function()
  it("has a version", function() assert.truthy(cloudflare._VERSION:find "^%d+%.%d+%.%d+") end)

  it("has the null of lua-cjson", function() assert.equal(require("cjson").null, cloudflare.null) end)

  it("is not disturbed by lua-cjson's global settings", function()
    sandbox.reset()
    local cjson = require "cjson"
    cjson.decode_max_depth(1)
    local cf = cloudflare.new(sandbox.options())
    local ok, token, why = pcall(cf.tokens.delete, nil, sandbox.missing_id, { missing_ok = true })
    cjson.decode_max_depth(1000)
    assert.is_true(ok)
    assert.truthy(token, tostring(why))
    assert.equal(sandbox.missing_id, token.id)
  end)

  it("has tokens under the SDKs' name too", function()
    assert.equal(cloudflare.tokens, cloudflare.accounts.tokens)
    local cf = cloudflare.new(sandbox.options())
    assert.equal(cf.tokens.delete, cf.accounts.tokens.delete)
    assert.equal(cf.async.tokens.delete, cf.async.accounts.tokens.delete)
  end)

  it("asks an IPv6 address, on a connection that is kept and on one that is not", function()
    sandbox.reset()
    for _, over in ipairs { "plain", "http1", "http2" } do
      local url = sandbox.urls[over]:gsub("127%.0%.0%.1", "[::1]")
      local cf = assert(cloudflare.new(sandbox.options(over, { base_url = url })))
      for _ = 1, 2 do
        local _, err = cf.tokens.delete(nil, sandbox.missing_id)
        assert.equal("not_found", err.outcome, tostring(err))
      end
      assert.truthy(cf.tokens.verify())
    end
  end)

  it("makes the functions of a client when they are first asked for, and its own at once", function()
    local cf = cloudflare.new(sandbox.options())
    assert.is_nil(next(cf.tokens))
    local verify = cf.tokens.verify
    assert.equal(verify, cf.tokens.verify)
    assert.equal(verify, rawget(cf.accounts.tokens, "verify"))
    assert.is_nil(rawget(cf.tokens, "delete"))
    assert.is_nil(cf.tokens.delte)
    assert.is_function(rawget(cloudflare.async.tokens, "delete"))
  end)

  it("leaves nothing in the globals", function()
    assert.is_nil(rawget(_G, "cloudflare"))
  end)

  it("has operations that are Lua functions, which every scheduler accepts", function()
    local cf = cloudflare.new(sandbox.options())
    for _, operation in ipairs {
      cloudflare.tokens.delete, cloudflare.new, cloudflare.step, cf.tokens.delete, cf.tokens.verify,
      cf.async.tokens.delete, cf.async.tokens.delete(nil, "").wait,
    } do
      assert.equal("Lua", debug.getinfo(operation, "S").what)
    end
  end)

  it("works with a default client that the environment makes", function()
    sandbox.reset()
    local id = sandbox.fresh()
    local token, envelope = cloudflare.tokens.delete(nil, id)
    assert.equal(id, token.id)
    assert.equal("deleted", envelope.outcome)
    local second = sandbox.fresh()
    assert.equal(second, cloudflare.async.tokens.delete(sandbox.account, second):wait().id)
  end)
end)

describe("a client", function()
  before_each(sandbox.reset)

  it("shows where it speaks to, and no secret", function()
    local cf = cloudflare.new(sandbox.options())
    assert.equal("cloudflare.client: " .. sandbox.urls.http2, tostring(cf))
    cf:close()
    assert.equal("cloudflare.client: closed", tostring(cf))
  end)

  it("comes with a nil where an error might stand", function()
    assert.equal(2, select("#", cloudflare.new(sandbox.options())))
    assert.is_nil((select(2, cloudflare.new(sandbox.options()))))
  end)

  it("keeps its options, whatever becomes of the table", function()
    local options = sandbox.options()
    local cf, id = cloudflare.new(options), sandbox.fresh()
    for name in pairs(options) do options[name] = nil end
    assert.equal(id, cf.tokens.delete(nil, id).id)
  end)

  it("has its operations with a dot, and may hand them out", function()
    local delete, id = cloudflare.new(sandbox.options()).tokens.delete, sandbox.fresh()
    collectgarbage()
    assert.equal(id, delete(sandbox.account, id).id)
  end)

  it("has nothing under other names", function()
    local cf = cloudflare.new(sandbox.options())
    for _, name in ipairs { "api_token", "options", "token", "secret", "base_url" } do assert.is_nil(cf[name]) end
    assert.is_nil(cf[1])
  end)

  describe("that is closed", function()
    it("raises when it is used, and says where", function()
      local cf = cloudflare.new(sandbox.options())
      cf:close()
      for name, use in pairs {
        delete = function() cf.tokens.delete(nil, sandbox.missing_id) end,
        verify = function() cf.tokens.verify() end,
        async = function() cf.async.tokens.delete(nil, sandbox.missing_id) end,
      } do
        local ok, err = pcall(use)
        assert.is_false(ok, name)
        assert.truthy(err:find "client_spec%.lua:%d+: .*closed")
      end
      assert.same({}, sandbox.ledger())
    end)

    it("may be closed again", function()
      local cf = cloudflare.new(sandbox.options())
      cf:close()
      cf:close()
    end)

    it("leaves the answers that its calls have had", function()
      local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
      local call = cf.async.tokens.delete(nil, id)
      call:wait()
      cf:close()
      assert.equal(id, call:wait().id)
    end)
  end)

  if _VERSION == "Lua 5.4" then
    local chunk = assert(load [[
      local new, options, id = ...
      local seen
      do
        local cf <close> = new(options)
        seen = cf
        assert(cf.tokens.delete(nil, id))
      end
      return seen
    ]])

    it("is closed at the end of its scope: local cf <close>", function()
      local id = sandbox.fresh()
      assert.equal("cloudflare.client: closed", tostring(chunk(cloudflare.new, sandbox.options(), id)))
      assert.is_true(is_deleted(id))
    end)

    it("is closed when an error leaves its scope", function()
      local seen
      local function new(options)
        seen = cloudflare.new(options)
        return seen
      end
      assert.is_false(pcall(chunk, new, sandbox.options(), sandbox.missing_id))
      assert.equal("cloudflare.client: closed", tostring(seen))
    end)
  end

  it("is collected when nobody holds it", function()
    local held = setmetatable({}, { __mode = "k" })
    for _ = 1, 20 do
      local cf
      cf = cloudflare.new(sandbox.options("plain", { on_event = function() return cf end }))
      assert(cf.tokens.verify())
      held[cf] = true
    end
    for _ = 1, 4 do collectgarbage() end
    local left = 0
    for _ in pairs(held) do left = left + 1 end
    assert.is_true(left <= 1) -- a dead stack slot may still hold the last one
  end)

  it("is held by its calls", function()
    local id = sandbox.fresh()
    local call = cloudflare.new(sandbox.options()).async.tokens.delete(nil, id)
    collectgarbage()
    collectgarbage()
    assert.equal(id, call:wait().id)
  end)
end)

describe("http.host", function()
  before_each(sandbox.reset)

  local function host_of(over) return sandbox.urls[over]:match "^https?://([^/]+)/" end

  it("names who was asked, port and all, in every result", function()
    for _, over in ipairs { "plain", "http1", "http2" } do
      local cf = cloudflare.new(sandbox.options(over))
      assert.equal(host_of(over), select(2, cf.tokens.delete(nil, sandbox.fresh())).http.host)
      assert.equal(host_of(over), select(2, cf.tokens.verify()).http.host)
    end
  end)

  it("in errors, also where nothing was sent", function()
    local cf = cloudflare.new(sandbox.options())
    assert.equal(host_of "http2", select(2, cf.tokens.delete(nil, sandbox.missing_id)).http.host)
    assert.equal(host_of "http2", select(2, cf.tokens.delete(nil, sandbox.missing_id, { timeout = 1e-6 })).http.host)
  end)

  it("has no port where base_url has none, and nothing of its path", function()
    local cf = cloudflare.new { api_token = sandbox.token, base_url = "https://api.cloudflare.com/client/v4" }
    local _, err = cf.tokens.delete(sandbox.account, sandbox.missing_id, { timeout = 1e-6 })
    assert.equal("not_sent", err.outcome)
    assert.equal("api.cloudflare.com", err.http.host)
  end)

  it("is in events", function()
    local hosts = {}
    local options = sandbox.options("plain", { on_event = function(event) hosts[#hosts + 1] = event.host end })
    cloudflare.new(options).tokens.delete(nil, sandbox.fresh())
    assert.same({ host_of "plain", host_of "plain" }, hosts)
  end)
end)

-- In a process of its own, where no other client is open.
describe("with the last client", function()
  before_each(sandbox.reset)

  local function descriptors_after(steps)
    return (child.run([[
      local cloudflare, sandbox = require "cloudflare", require "spec.support.sandbox"
      local process = require "spec.support.process"
      local function new() return assert(cloudflare.new(sandbox.options "http2")) end
      local function delete(cf) assert(select(2, cf.tokens.delete(nil, sandbox.missing_id)).outcome == "not_found") end
      local function collect() collectgarbage() collectgarbage() end
      local first = new()
      delete(first)
      local with_connection = process.descriptors()
      first:close()
      local closed = process.descriptors()
      assert(closed < with_connection)
      ]] .. steps))
  end

  for how, steps in pairs {
    ["once it is closed"] = "print(true)",
    ["once it is collected"] = [[
      delete(new())
      collect()
      print(process.descriptors() == closed)]],
    ["and not before"] = [[
      local kept, closes = new(), new()
      delete(closes)
      closes:close()
      local open = process.descriptors()
      kept:close()
      print(open == with_connection and process.descriptors() == closed)]],
    ["once the calls that it left have ended"] = [[
      new().async.tokens.delete(nil, sandbox.missing_id)
      cloudflare.step(0)
      collect()
      repeat until cloudflare.step(0.05) == 0
      print(process.descriptors() == closed and sandbox.count "DELETE" == 2)]],
    ["and another goes on"] = "delete(new()) delete(new()) print(true)",
  } do
    it("its idle connections are closed, " .. how, function() assert.equal("true", descriptors_after(steps)) end)
  end
end)
