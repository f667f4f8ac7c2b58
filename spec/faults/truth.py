"""What is true: which tokens exist, what arrived for each, and what really took effect."""
import json
import re
import threading

PATH = re.compile(r"/accounts/([0-9a-f]{32})/tokens/([0-9a-f]{32}|verify)$")
ACCOUNT = "a" * 32  # where every token is
SELF = "5" * 32  # what verify answers
WORLD = ("id", "state", "scripts", "reads", "sight", "credential")  # what may be said of a token


class Token:
    def __init__(self, id, state="present", scripts=(), reads=(), sight=None, credential=None):
        self.id = id
        self.state = state  # present, absent, or hidden from this credential
        self.scripts = list(scripts)
        self.reads = list(reads)
        self.sight = sight or {}
        self.credential = credential
        self.requests = 0
        self.arrived = self.received = self.effects = self.gets = 0  # DELETEs, but for gets
        self.copied = 0  # DELETEs that a middleman sent twice
        self.uncached = 0  # GETs that asked to be answered by no cache
        self.foreign = 0  # requests that named another account
        self.relayed = 0  # bytes that a relay had from the client
        self.left = False  # whether it saw a request among them, wherever that went
        self.connections = []
        self.answers = []

    def report(self):
        hidden = ("scripts", "reads", "credential")
        return {name: value for name, value in vars(self).items() if name not in hidden}

    def knows(self, number):
        """Whether the credential is good at the request of this number."""
        if self.credential == "itself":
            return self.state == "present"
        return self.credential is None or number < self.credential


class Asked:
    """One request, and the world as it is for it."""

    def __init__(self, token, method, account, fields):
        self.token, self.method = token, method
        token.requests += 1
        self.number = token.requests
        self.is_foreign = account != ACCOUNT
        token.foreign += self.is_foreign
        self.is_uncached = fields.get("cache-control") == fields.get("pragma") == "no-cache"
        self.headers = []

    def is_let_through(self):
        """Whether a DELETE reaches the token."""
        blind = self.is_foreign or self.token.sight.get("DELETE", "present") != "present"
        return self.token.knows(self.number) and not blind

    def sees(self):
        """The token's state, as the API shows it to this request."""
        if not self.token.knows(self.number):
            return "refused"
        if self.is_foreign:
            return "absent"
        seen = self.token.sight.get(self.method, self.token.state)
        return self.reads(seen) if self.method == "GET" and self.token.reads else seen

    def reads(self, seen):
        """The same, by a read path with a memory: a state, or a cache's entry {shows, headers, obeys}."""
        entry = self.token.reads.pop(0)
        if isinstance(entry, str):
            return entry
        if entry.get("obeys") and self.is_uncached:
            return seen
        self.headers = entry.get("headers") or []
        return entry.get("shows", seen)


class Truth:
    def __init__(self):
        self.tokens = {"verify": Token(SELF, "present", [])}
        self.lock = threading.RLock()

    def register(self, entries):
        for entry in entries:
            self.tokens[entry["id"]] = Token(**{name: entry[name] for name in WORLD if entry.get(name)})

    def report(self, ids, forget=False):
        with self.lock:
            find = self.tokens.pop if forget else self.tokens.get
            return [find(id, None).report() for id in ids]

    def arrive(self, method, path, connection, fields):
        """The first bytes of a request are here. A token that nobody registered is absent."""
        found = PATH.search(path)
        if not found:
            return None
        with self.lock:
            token = self.tokens.setdefault(found[2], Token(found[2], "absent"))
            asked = Asked(token, method, found[1], fields)
            token.arrived += method == "DELETE"
            token.gets += method == "GET"
            token.uncached += method == "GET" and asked.is_uncached
            if connection not in token.connections:
                token.connections.append(connection)
        return asked

    def take_script(self, token, method):
        """The next of its scripts that is for this method."""
        with self.lock:
            for i, script in enumerate(token.scripts):
                if script.get("method", method) == method:
                    script["times"] = script.get("times", 1) - 1
                    return token.scripts.pop(i) if script["times"] == 0 else script
        return {}

    def delete(self, asked):
        token = asked.token
        with self.lock:
            if asked.is_let_through():
                token.effects += token.state == "present"
                token.state = "absent" if token.state == "present" else token.state

    def copy(self, asked):
        """A middleman's first copy of a DELETE: it takes effect, and its answer is lost on the way."""
        asked.token.copied += 1
        self.delete(asked)


class Twice(ValueError):
    pass


def once(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def refuse(constant):
    raise ValueError(constant)


ROUTE = {7000, 7001, 7002, 7003}
CREDENTIAL = {1000, 1001, 6003, 9103, 9106, 9109, 10000, 10001, 10502}


def codes_of(errors):
    """The codes of a failure and of what is chained to it; None where they could be read in two ways."""
    chained = [cause for error in errors for cause in error.get("error_chain") or [] if isinstance(cause, dict)]
    codes = [error["code"] for error in errors + chained if error.get("code") is not None]
    return codes if all(type(code) is int for code in codes) else None


def meaning_of_failure(status, errors):
    if not isinstance(errors, list) or not errors or not all(isinstance(error, dict) for error in errors):
        return "nothing"
    codes = codes_of(errors)
    if codes is None or not 400 <= status < 500 or status == 408:
        return "nothing"
    if status != 404:
        return "refusal"
    if not codes:
        return "nothing"  # a gateway's own
    return "absent" if not (ROUTE | CREDENTIAL) & set(codes) else "refusal"


def meaning(status, body, id):
    """What a whole, well framed reply says to a reader who has never seen the module."""
    try:
        said = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        return "nothing"
    if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
        return "nothing"
    result = said.get("result")
    if not said["success"]:
        return meaning_of_failure(status, said.get("errors"))
    if status != 200:
        return "nothing"
    return "proof" if isinstance(result, dict) and result.get("id") == id else "yes"
