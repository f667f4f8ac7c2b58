-- Answers that are not the API's: a block page, a captive portal, a gateway's own words. What came is shown, and the
-- kind of the failure is that of the answer, also where the deadline ends the call behind it.
local cloudflare = require "cloudflare"
local faults = require "spec.support.faults"

local TOKEN = "cfat_" .. ("f"):rep(40)
local PAGE = "<html><head><title>Blocked</title></head><body>This site is not allowed here.</body></html>"

local function delete(cf, id) return cf.tokens.delete(nil, id) end

-- How a request ends to which every answer is `script`, within a time in seconds.
local function told_within(seconds, ask, script)
  local id = faults.fresh()
  script.times, script.effect = 99, false
  faults.register { { id = id, scripts = { script } } }
  local cf = assert(cloudflare.new(faults.options("http1", { timeout = seconds })))
  local result, err = ask(cf, id)
  faults.truth({ id }, true)
  cf:close()
  assert.is_nil(result)
  return err
end

-- With little time, unless this machine needs more of it for one answer.
local function told(script, ask)
  local err = told_within(0.8, ask or delete, script)
  return err.kind ~= "timeout" and err or told_within(10, ask or delete, script)
end

local function html(status, body)
  return { status = status, body = body or PAGE, headers = { { "Content-Type", "text/html; charset=utf-8" } } }
end

describe("an answer that is not the API's", function()
  local strangers = {
    { "a block page", html(403), 403, "text/html; charset=utf-8", PAGE },
    { "a captive portal", html(200), 200, "text/html; charset=utf-8", PAGE },
    { "plain text", { status = 503, body = "upstream connect error\n", headers = { { "Content-Type", "text/plain" } } }, 503,
      "text/plain", "upstream connect error " },
    { "a no without errors", { status = 403, body = '{"success":false,"errors":[]}' }, 403, nil, '{"success":false,"errors":[]}' },
    { "a code that is a string", { status = 403, body = '{"success":false,"errors":[{"code":"x"}]}' }, 403, nil,
      '{"success":false,"errors":[{"code":"x"}]}' },
  }
  for _, row in ipairs(strangers) do
    it("is shown: " .. row[1], function()
      local err = told(row[2])
      assert.equal("unknown", err.outcome)
      assert.equal("response", err.kind)
      assert.equal(row[3], err.http.status)
      if row[4] then assert.equal(row[4], err.http.content_type) end
      assert.equal(row[5], err.http.excerpt)
      assert.truthy(tostring(err):find("the answer is not the API's envelope (HTTP " .. row[3], 1, true), tostring(err))
    end)
  end

  it("is called compressed where it is, which nobody asked for", function()
    local headers = { { "Content-Encoding", "gzip" }, { "Content-Type", "application/json" } }
    local err = told { status = 200, body = "\31\139\8", headers = headers }
    assert.equal("response", err.kind)
    assert.equal("application/json", err.http.content_type)
    assert.is_nil(err.http.excerpt)
    assert.truthy(tostring(err):find("the answer was compressed, which was not asked for", 1, true), tostring(err))
  end)

  it("is shown without the credential, wherever that stands in it", function()
    for _, before in ipairs { 0, 100, 170, 195 } do
      local err = told(html(502, ("x"):rep(before) .. TOKEN .. ("y"):rep(300)))
      local shown = err.http.excerpt
      assert.equal(200, #shown)
      assert.equal((("x"):rep(before) .. "[redacted]" .. ("y"):rep(300)):sub(1, 200), shown)
    end
    assert.is_nil(told(html(502, PAGE .. TOKEN)).http.excerpt:find("cfat_", 1, true))
  end)

  it("is shown with its type, without the credential, or without a type that is too long", function()
    for before = 0, 100, 5 do
      local kind = "text/html; " .. ("x"):rep(before)
      local err = told { status = 502, body = PAGE, headers = { { "Content-Type", kind .. TOKEN } } }
      local fits = #kind + #TOKEN <= 100
      assert.equal(fits and kind .. "[redacted]" or nil, err.http.content_type)
      assert.equal(PAGE, err.http.excerpt)
    end
  end)

  it("is cut at 200 bytes, between two characters", function()
    for before = 196, 200 do
      local shown = told(html(502, ("x"):rep(before) .. "\226\130\172 and so on")).http.excerpt
      assert.equal(before <= 197 and ("x"):rep(before) .. "\226\130\172" or ("x"):rep(before),
        (shown:gsub("[^x\128-\255].*", "")))
      assert.is_true(#shown <= 200)
    end
  end)

  it("is shown with nothing in it that steers a terminal or turns the writing", function()
    local shown = told(html(502, "a\27[31mb\r\nc\0d\194\155e\226\128\174f\255g")).http.excerpt
    assert.equal("a [31mb  c d e f g", shown)
  end)

  it("is not shown where it may hold a secret, whatever type it has, unless it is a page", function()
    local secret = '{"success":true,"success":true,"result":{"value":"cfat_new"}}'
    local function request(cf, id) return cf.request("GET", ("/accounts/%s/tokens/%s"):format(faults.account, id)) end
    local function roll(cf, id) return cf.tokens.roll(nil, id, { revive = true }) end
    local function shown(ask, script) return told(script, ask).http.excerpt end
    assert.is_nil(shown(roll, html(200, secret)))
    assert.is_nil(shown(roll, html(500, secret)))
    assert.is_nil(shown(request, { status = 200, body = secret }))
    assert.equal(secret, shown(request, { status = 500, body = secret }))
    assert.equal(PAGE, shown(request, html(200)))
    assert.equal(PAGE, shown(roll, html(500)))
  end)

  it("is forgotten where the API's own answer follows", function()
    local id = faults.fresh()
    faults.register { { id = id, scripts = { html(502), { method = "GET", say = "invalid" } } } }
    local _, err = assert(cloudflare.new(faults.options "http1")).tokens.delete(nil, id)
    faults.truth({ id }, true)
    assert.equal("unknown", err.outcome)
    assert.equal("api", err.kind)
    assert.equal(401, err.http.status)
    assert.is_nil(err.http.excerpt)
    assert.is_nil(err.http.content_type)
  end)
end)
