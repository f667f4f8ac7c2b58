-- The request cut at every byte on its way, TLS handshake included: never a false `not_sent`, and never a false word.
-- A relay carries the first bytes of the first connection and then ends it; libcurl writes a request in one piece, so
-- a long one through a narrow relay is cut, too, while libcurl is still writing it.
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local sweep = Sweep.new "the request cut at every byte"
local STALL_EVERY = 16 -- a stall takes the attempt's whole time
local STALLED = 15 -- seconds: on a busy machine the attempt behind it must come to its answer within as many
local LONG = { plain = 400000, http1 = 100000 } -- bytes; over TLS this libcurl sends no more than twice 64 KiB

-- Without retries a call ends with what its one DELETE came to; with them it goes on to the end. A server may act
-- before the request is whole.
local KINDS = { { "no retries", 0 }, { "retries", 2 }, { "no retries, hasty server", 0, { early = true } } }

local cases = {}
local function add(over, cut, how, kind, path)
  cases[#cases + 1] = {
    name = ("%d bytes, %s, %s%s"):format(cut, how, kind[1], path and ", while it is written" or ""),
    over = over, path = path, relay = { up = cut, narrow = path and true, ["end"] = how }, scripts = { kind[3] },
    options = { max_retries = kind[2], attempt_timeout = how == "stall" and STALLED or nil },
    allowed = kind[2] > 0 and { deleted = true, gone = true } or nil,
  }
end

-- What a client sends on a new connection up to the end of its request.
local function length(over)
  local case = { name = "whole", over = over, relay = { up = 100000 } }
  fly(Sweep.new "length", { case })
  return case.truth.relayed
end

for _, over in ipairs(faults.transports) do
  for cut = 0, length(over) do
    for _, how in ipairs { "fin", "rst" } do
      add(over, cut, how, KINDS[1])
      add(over, cut, how, KINDS[2])
      if over == "plain" then add(over, cut, how, KINDS[3]) end
    end
    if cut % STALL_EVERY == 0 then add(over, cut, "stall", KINDS[cut // STALL_EVERY % 2 + 1]) end
  end
end
for _, over in ipairs { "plain", "http1" } do
  local path = "/" .. ("a"):rep(LONG[over])
  for cut = 1, LONG[over], LONG[over] // 40 do
    for _, how in ipairs { "fin", "rst", "stall" } do add(over, cut, how, KINDS[2], path) end
  end
end

cases = Sweep.share(cases, 500)
fly(sweep, cases)
local left, arrived = 0, 0
for _, case in ipairs(cases) do
  if case.truth.left then left = left + 1 end
  if case.truth.arrived > 0 then arrived = arrived + 1 end
end
sweep:finish(("%d sent into a connection that was cut, %d arrived in the end"):format(left, arrived))
