-- What a server says on a new connection, TLS handshake first, cut at every byte: `not_sent` while the request had not
-- left, and never a false word from there on.
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local LENGTH = 2600 -- bytes: more than the handshake, its session tickets and the reply
local EARLY = 500   -- bytes: less than any handshake

local cases = {}
for _, over in ipairs { "http1", "http2" } do
  for cut = 0, LENGTH do
    for _, how in ipairs { "fin", "rst" } do
      cases[#cases + 1] = {
        name = ("%d bytes, %s"):format(cut, how), over = over, relay = { down = cut, ["end"] = how },
        options = { max_retries = 0 }, allowed = cut < EARLY and { not_sent = true } or nil,
      }
    end
  end
end

local sweep = Sweep.new "the handshake cut at every byte"
cases = Sweep.share(cases, 300)
fly(sweep, cases)
local ends = {}
for _, case in ipairs(cases) do ends[case.detail.outcome] = (ends[case.detail.outcome] or 0) + 1 end
sweep:check(ends.not_sent and ends.not_sent < #cases, "the cuts fall before and behind the end of the handshake")
sweep:finish(("%d not sent, %d gone, %d deleted, %d unknown"):format(
  ends.not_sent, ends.gone or 0, ends.deleted or 0, ends.unknown or 0))
