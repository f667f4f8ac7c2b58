-- Many at once inside a real nginx worker: what befalls delete_many and each in their middle.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"
local read = require "spec.support.read"
local system = require "spec.support.system"

describe("in nginx", function()
  local server
  setup(function()
    sandbox.reset()
    server = nginx.start("spec/nginx/places.conf.in", { LUA = "luajit", CACHE = "on", ABORT = "off", RUNNING = "256" })
  end)
  teardown(function() server:stop() end)
  before_each(sandbox.reset)

  local function ask(place, way, id) return (server:get(("/%s?way=%s&id=%s"):format(place, way, id or ""))) end

  for _, way in ipairs { "plain", "async" } do
    describe("delete_many, " .. way .. ",", function()
      it("sends nothing where the disk is full", function()
        assert.equal("journal: No space left on device; 3 not_sent", ask("full_disk", way, sandbox.fresh()))
        assert.equal(0, (sandbox.count "DELETE"))
      end)

      it("goes on behind a line that was torn", function()
        local ids = sandbox.seed(2)
        local path = system.write(os.tmpname(), ids[1], " sending\n", ids[2], " delet")
        assert.equal("deleted deleted", ask("resumed", way, path .. "&other=" .. ids[2]))
        assert.truthy(read(path):find(ids[2] .. " delet torn\n", 1, true))
        os.remove(path)
      end)

      it("stops where its credential dies", function()
        local made = sandbox.grow { count = 1, secret = "new", groups = { "Account API Tokens Write" } }
        assert.equal("credential; 30", ask("dying_credential", way, made.values[1]))
      end)

      it("ends with every id although somebody else uses up the quota", function()
        sandbox.quota { q = 20, w = 1 }
        assert.equal("nil; 0 deleted, 30 not_found", ask("eaten_quota", way))
      end)
    end)
  end

  -- How many pages the sandbox has answered.
  local function answered()
    local count = 0
    for _, entry in ipairs(sandbox.ledger()) do
      if entry.path:find "/tokens$" and entry.status == 200 then count = count + 1 end
    end
    return count
  end

  it("each misses no token that was there all the while: a deletion and a creation between two pages", function()
    for moment = 1, 5 do
      sandbox.reset()
      local ids = sandbox.seed(19)
      sandbox.fault { path = "/tokens", delay = 0.02, times = 12 }
      assert.equal("begun", (server:get "/begin_walk"))
      repeat socket.sleep(0.002) until answered() >= moment
      sandbox.api("DELETE", sandbox.tokens("/" .. ids[1]))
      sandbox.seed(1)
      local found = server:get "/end_walk"
      for i = 2, #ids do assert.truthy(found:find(ids[i], 1, true)) end
    end
  end)
end)
