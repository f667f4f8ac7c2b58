-- The fixed list of operators: `mutants(source)` gives every small change that they make to a C file, one
-- place at a time, as { from, to, text, line }: bytes `from` to `to` become `text`, and `line` says in which
-- function and how the changed line reads. It knows as much of C as the core's style uses.
local operators = {}

-- Names that could be taken for each other: each is swapped for its neighbours in the ring.
local RINGS = {
  "LCF_DELETED LCF_GONE LCF_NOT_FOUND LCF_REFUSED LCF_UNKNOWN LCF_ACCEPTED LCF_NOT_SENT LCF_FAILED LCF_OK",
  "LCF_PROVEN LCF_UNNAMED LCF_AMBIGUOUS LCF_ABSENT LCF_REFUSAL",
  "LCF_SEND LCF_CONFIRM LCF_WAIT LCF_END",
  "LCF_UNSENT LCF_SENT LCF_COMPLETE",
  "LCF_ANSWERED LCF_BROKEN LCF_TIMED_OUT LCF_CONNECT LCF_CERTIFICATE LCF_CONFIGURE LCF_NO_MEMORY LCF_CANCELLED",
  "LCF_KIND_API LCF_KIND_RESPONSE LCF_KIND_TIMEOUT LCF_KIND_CANCELLED",
  "LCF_GET LCF_DELETE LCF_POST LCF_PUT LCF_PATCH",
  "LCF_READ LCF_REMOVE LCF_REPLACE LCF_ONCE",
  "LCF_THIS_ID LCF_SOME_ID LCF_ID_AND_VALUE LCF_STRING LCF_LIST LCF_ENVELOPE LCF_BYTES",
  "LCF_NO_ENVELOPE LCF_SUCCESS LCF_FAILURE",
  "LCF_NAMED_NONE LCF_NAMED_ID LCF_NAMED_OTHER",
  "LCF_JSON_NONE LCF_JSON_OBJECT LCF_JSON_ARRAY LCF_JSON_STRING LCF_JSON_NUMBER LCF_JSON_TRUE LCF_JSON_FALSE LCF_JSON_NULL",
  "LCF_LEAST_TIME LCF_BACKOFF_BASE LCF_BACKOFF_CAP",
  "true false",
}
local FLIPS = {
  ["=="] = "!=", ["!="] = "==", ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">",
  ["&&"] = "||", ["||"] = "&&", ["+"] = "-", ["-"] = "+", ["*"] = "/", ["/"] = "*", ["&"] = "|", ["|"] = "&",
  ["++"] = "--", ["--"] = "++", ["+="] = "-=", ["-="] = "+=", ["*="] = "/=", [">>="] = "<<=",
}
local PUNCTUATION = { "<<=", ">>=", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "+=", "-=", "*=", "->", "<<", ">>" }

local function set(words)
  local found = {}
  for word in words:gmatch "%S+" do found[word] = true end
  return found
end
local NO_STATEMENT = set "if else for while switch case default bool char const double enum int long size_t static struct unsigned"

local neighbours = {}
for _, ring in ipairs(RINGS) do
  local names = {}
  for name in ring:gmatch "%S+" do names[#names + 1] = name end
  for i, name in ipairs(names) do
    local behind, before = names[i % #names + 1], names[(i - 2) % #names + 1]
    neighbours[name] = behind == before and { behind } or { behind, before }
  end
end

local function token_at(source, at)
  local kind, word
  for _, try in ipairs { { "word", "^[%a_][%w_]*" }, { "number", "^%d[%w.]*" }, { "char", "^'\\?.[^']*'" }, { "char", "^'\"'" } } do
    kind, word = try[1], source:match(try[2], at)
    if word then return kind, word end
  end
  if source:sub(at, at) == '"' then
    local last = at + 1
    while source:sub(last, last) ~= '"' do last = last + (source:sub(last, last) == "\\" and 2 or 1) end
    return "string", source:sub(at, last)
  end
  for _, sign in ipairs(PUNCTUATION) do
    if source:sub(at, at + #sign - 1) == sign then return "sign", sign end
  end
  return "sign", source:sub(at, at)
end

-- Comments and directives become blanks, so that places stay what they are.
local function blanked(source)
  local function blank(text) return (text:gsub("[^\n]", " ")) end
  return (source:gsub("/%*.-%*/", blank):gsub("//[^\n]*", blank):gsub("%f[^\n\0]#[^\n]*", blank))
end

-- The tokens, each bracket with its partner; `within` names the function whose body they stand in.
local function scan(source)
  local tokens, open, at = {}, {}, 1
  local body, name
  while true do
    at = source:find("%S", at)
    if not at then return tokens end
    local kind, text = token_at(source, at)
    local token = { kind = kind, text = text, from = at, to = at + #text - 1, index = #tokens + 1 }
    token.spaced = source:sub(at - 1, at - 1) == " " and source:sub(token.to + 1, token.to + 1) == " "
    if text == "(" or text == "[" or text == "{" then
      if #open == 0 and text == "{" and tokens[#tokens].text == ")" then
        body, name = token, tokens[tokens[#tokens].partner.index - 1].text
      end
      open[#open + 1] = token
    elseif text == ")" or text == "]" or text == "}" then
      token.partner = table.remove(open)
      token.partner.partner = token
      if token.partner == body then body = nil end
    end
    token.within = body and token ~= body and name
    tokens[#tokens + 1] = token
    at = token.to + 1
  end
end

-- From a token on, over whole brackets, to the last token before one of `stops` or the bracket that closes.
local function reach(tokens, index, step, stops)
  local last
  while true do
    local token = tokens[index]
    local enters, leaves = "^[([{]$", "^[)%]}]$"
    if step < 0 then enters, leaves = leaves, enters end
    if not token or stops[token.text] or token.text:find(leaves) then return last end
    if token.text:find(enters) then token = token.partner end
    last, index = token, token.index + step
  end
end

local ENDS_AND = set "&& || ? : , ; = return"
local ENDS_OR = set "|| ? : , ; = return"
local ENDS_CHOICE = set "? : , ; = return"
local ENDS_STATEMENT = set ";"
local ENDS_MEMBER = set ","
local ENDS_CASE = set "case default"

-- Whether a statement may begin behind this token.
local function begins_behind(tokens, token)
  local text = token.text
  if text == "{" or text == "}" or text == "else" then return true end
  if text == ";" then
    for i = token.index, 1, -1 do -- not inside the head of a `for`
      local before = tokens[i]
      if before.text == "(" and before.partner.index > token.index then return false end
      if before.text == "{" then return true end
    end
  end
  if text == ")" then return set("if for while switch")[tokens[token.partner.index - 1].text] end
  if text == ":" then return tokens[token.index - 2].text == "case" or tokens[token.index - 1].text == "default" end
  return false
end

-- Whether a condition is one comparison or one negation: then another operator negates it.
local function is_one_test(tokens, from, to)
  local equates = 0
  for i = from.index, to.index do
    if tokens[i].text == "&&" or tokens[i].text == "||" then return false end
    if tokens[i].text == "==" or tokens[i].text == "!=" then equates = equates + 1 end
  end
  return equates == 1 or from.text == "!"
end

-- The operators. Each may add changes at one token.
local list = {}

function list.flip(_, token, add)
  local other = FLIPS[token.text]
  if other and (token.spaced or #token.text > 1) then add(token, token, other) end
end

function list.drop_a_condition(tokens, token, add)
  if token.text ~= "&&" and token.text ~= "||" then return end
  local ends = token.text == "&&" and ENDS_AND or ENDS_OR
  local left, right = reach(tokens, token.index - 1, -1, ends), reach(tokens, token.index + 1, 1, ends)
  add(left, token)
  add(token, right)
end

function list.negate(tokens, token, add)
  local from, to
  if (token.text == "if" or token.text == "while") then
    local head = tokens[token.index + 1]
    from, to = tokens[head.index + 1], tokens[head.partner.index - 1]
  elseif token.text == "?" then
    from, to = reach(tokens, token.index - 1, -1, ENDS_CHOICE), tokens[token.index - 1]
  elseif token.text == "!" then
    add(token, token, "")
  end
  if from and not is_one_test(tokens, from, to) then add(from, to, "!(%s)") end
end

function list.swap(_, token, add)
  for _, other in ipairs(neighbours[token.text] or {}) do add(token, token, other) end
end

function list.off_by_one(_, token, add)
  if token.kind ~= "number" and token.kind ~= "char" then return end
  add(token, token, "(%s + 1)")
end

function list.skip_a_state(tokens, token, add)
  if not ENDS_CASE[token.text] then return end
  add(token, reach(tokens, token.index + 1, 1, ENDS_CASE))
end

function list.delete_a_statement(tokens, token, add)
  local before = tokens[token.index - 1]
  if not begins_behind(tokens, before) or NO_STATEMENT[token.text] or token.text:find "^[%[%]{}),;]$" then return end
  local last = reach(tokens, token.index, 1, ENDS_STATEMENT)
  if tokens[last.index + 1].text == ";" then add(token, last) end
end

function list.delete_a_member(tokens, token, add)
  local before = tokens[token.index - 1]
  if token.text ~= "." or not (before.text == "{" or before.text == ",") then return end
  local last = reach(tokens, token.index, 1, ENDS_MEMBER)
  local comma = tokens[last.index + 1]
  add(token, comma.text == "," and comma or last)
end

local NAMES = {}
for name in pairs(list) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function line_of(source, mutant)
  local first = mutant.from
  while first > 1 and source:sub(first - 1, first - 1) ~= "\n" do first = first - 1 end
  local last = (source:find("\n", mutant.to, true) or #source + 1) - 1
  local line = source:sub(first, mutant.from - 1) .. mutant.text .. source:sub(mutant.to + 1, last)
  return (line:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- Every mutant of a file's text, in the order of their places.
function operators.mutants(original)
  local source = blanked(original)
  local tokens, found, seen = scan(source), {}, {}
  local function add(first, last, text)
    local old = source:sub(first.from, last.to)
    local mutant = { from = first.from, to = last.to, text = text and text:gsub("%%s", (old:gsub("%%", "%%%%"))) }
    mutant.text = mutant.text or ("/* %s */"):format(old)
    mutant.line = first.within .. ": " .. line_of(source, mutant)
    local identity = ("%d %d %s"):format(mutant.from, mutant.to, mutant.text)
    if not seen[identity] then found[#found + 1] = mutant end
    seen[identity] = true
  end
  for _, token in ipairs(tokens) do
    if token.within then
      for _, name in ipairs(NAMES) do list[name](tokens, token, add) end
    end
  end
  return found
end

--- The file's text with one mutant in it.
function operators.applied(original, mutant)
  return original:sub(1, mutant.from - 1) .. mutant.text .. original:sub(mutant.to + 1)
end

return operators
