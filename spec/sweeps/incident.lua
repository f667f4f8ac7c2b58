-- A leak as it comes: hundreds of values in a scanner's report, a third of them dead, foreign or of the user, through a
-- server that loses one answer in five. What examples/revoke.lua reports is what the ledger knows, value by value, and
-- no value stands in anything that it says or writes.
local incident = require "spec.support.incident"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"
local Sweep = require "spec.support.sweep"

local VALUES = Sweep.whole and 300 or 20

local sweep = Sweep.new "incident"
local place = shell.new()
place:install("examples/revoke.lua", "examples/revoke")
sandbox.reset()

local leaked = incident.leak(VALUES)
place:write("leaks.json", incident.report_of(leaked))
sandbox.fault { every = 5, drop = "after", times = 100000 }
local status, out, said = place:run("lua revoke.lua --refusals all " .. incident.COMMAND)

local texts = { out, said }
for _, name in ipairs(incident.FILES) do texts[#texts + 1] = place:read(name) end
local differences = incident.differences(leaked, place:read "report")
local shown = incident.leaks_in(leaked, table.concat(texts))
place:remove()

for i = 1, VALUES do sweep:check(i > #differences, differences[i]) end
for i = 1, VALUES do sweep:check(i > #shown, ("value %s is shown"):format(shown[i])) end
sweep:check(status == 3, "it ended with " .. status) -- some live elsewhere
sweep:finish(VALUES .. " values")
