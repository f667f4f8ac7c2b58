-- The reply to a DELETE, cut at every byte, however it is framed and however the connection ends: never a false word.
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local sweep = Sweep.new "the response cut at every byte"
local FRAMINGS = { plain = { "length", "chunked", "close" }, http1 = { "length", "chunked", "close" }, http2 = { "length" } }
local ENDS = { plain = { "fin", "rst" }, http1 = { "fin", "notify", "rst" }, http2 = { "fin", "notify", "rst" } }

local function case(over, framing, how, cut, effect)
  return {
    name = ("%s, cut after %d, %s, %s effect"):format(framing, cut, how, effect and "with" or "without"),
    over = over,
    alone = over == "http2", -- what a connection says first belongs to the reply
    scripts = { { framing = framing, cut = cut, ["end"] = how, effect = effect } },
  }
end

-- With the effect up to the whole reply; without it, a complete one would be the API's own lie. A chunked reply is
-- complete with its zero chunk, two bytes before its end (RFC 9112, section 8).
local cases = {}
for _, over in ipairs(faults.transports) do
  for _, framing in ipairs(FRAMINGS[over]) do
    local length = faults.measure({ { framing = framing } }, over)[1]
    local complete = framing == "chunked" and length - 2 or length
    for _, how in ipairs(ENDS[over]) do
      for cut = 0, length do
        cases[#cases + 1] = case(over, framing, how, cut, true)
        if cut < complete then cases[#cases + 1] = case(over, framing, how, cut, false) end
      end
    end
  end
end

fly(sweep, Sweep.share(cases, 600))
local ends = {}
for _, each in ipairs(cases) do
  local outcome = each.detail and each.detail.outcome
  if outcome then ends[outcome] = (ends[outcome] or 0) + 1 end
end
sweep:finish(("%d deleted, %d gone, %d unknown"):format(ends.deleted or 0, ends.gone or 0, ends.unknown or 0))
