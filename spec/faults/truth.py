"""What is true: which tokens exist and how they look, what arrived for each, and what really took effect.

A world is what one case of a spec can see and change: one token, which requests name in their path; or an account of its
own (`account`), with the tokens that were made in it. Its scripts and its counters are those of every request that
reaches it. A request's effect follows from its method and its path (`operation_of`): it is drafted before the reply is
written, since that shows it (an id, a secret), and becomes true when `act` says so, or never.
"""
import itertools
import json
import re
import threading
import time
import zlib

PATH = re.compile(r"/(?:accounts/([0-9a-f]{32})|user)/tokens(?:/([0-9a-f]{32}|verify|permission_groups))?(/value)?(?:\?.*)?$")
ACCOUNT = "a" * 32  # where every token is that has no account of its own
SELF = "5" * 32  # what verify answers
WORLD = ("id", "state", "scripts", "reads", "sight", "credential", "account", "others", "fields",
         "value", "modified")  # what may be said of one
READ_ONLY = ("id", "issued_on", "modified_on", "last_used_on", "value")
serials = itertools.count(1)


def fresh_secret():
    """One in the API's shape: its end is the checksum of its middle."""
    middle = "%040d" % next(serials)
    return "cfat_%s%08x" % (middle, zlib.crc32(middle.encode()))


def fresh_id():
    return "c%031x" % next(serials)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Token:
    def __init__(self, id, state="present", fields=None, values=(), made=False):
        self.id, self.state = id, state  # present, absent, or hidden from this credential
        self.made = made  # by a request
        self.fields = fields or {"name": "a token", "status": "active"}
        self.values = list(values)  # every secret that it has had; the last is good
        self.issued_on = self.modified_on = now()

    def show(self, value=None):
        """As the API shows it; with its secret only where that is new."""
        dates = {"issued_on": self.issued_on, "modified_on": self.modified_on}
        shown = {"id": self.id, **self.fields, **dates}
        return json.dumps({**shown, "value": value} if value else shown, separators=(",", ":"))

    def after(self, fields=None, value=None):
        """The same token, changed."""
        token = Token(self.id, self.state, fields or self.fields, self.values + ([value] if value else []), self.made)
        token.issued_on = self.issued_on
        return token


class World:
    def __init__(self, id, state="present", scripts=(), reads=(), sight=None, credential=None, account=False, others=(),
                 fields=None, value=None, modified=None):
        self.id = id
        self.is_account = account
        tokens = [] if account else [Token(id, state, fields, [value or fresh_secret()])]
        if modified and tokens:
            tokens[0].modified_on = modified
        tokens += [Token(fresh_id(), "present", other, [fresh_secret()]) for other in others]
        self.tokens = {token.id: token for token in tokens}
        self.scripts = list(scripts)
        self.reads = list(reads)
        self.sight = sight or {}
        self.credential = credential
        self.requests = 0
        self.arrived = self.received = self.effects = self.gets = 0  # of all but GETs; and these
        self.done = {"delete": 0, "create": 0, "roll": 0, "update": 0}  # the effects, each kind
        self.copied = 0  # requests that a middleman sent twice
        self.cacheable = 0  # GETs, whole, that did not ask past the caches
        self.foreign = 0  # requests that named another account
        self.relayed = 0  # bytes that a relay had from the client
        self.left = False  # whether it saw a request among them, wherever that went
        self.connections = []
        self.answers = []

    def shown(self):
        return [token for token in self.tokens.values() if token.state == "present"]

    def report(self):
        hidden = ("scripts", "reads", "credential", "is_account", "tokens")
        counted = {name: value for name, value in vars(self).items() if name not in hidden}
        return {
            **counted, "state": self.tokens[self.id].state if self.id in self.tokens else "an account",
            "tokens": [vars(token) for token in self.tokens.values()],
            "live": [token.values[-1] for token in self.tokens.values() if token.state != "absent"],
        }

    def knows(self, number):
        """Whether the credential is good at the request of this number."""
        if self.credential == "itself":
            return self.tokens[self.id].state == "present"
        return self.credential is None or number < self.credential


def operation_of(method, target, is_value):
    if method == "GET":
        return {None: "list", "verify": "verify", "permission_groups": "groups"}.get(target, "get")
    if method == "PUT":
        return "roll" if is_value else "update"
    return {"DELETE": "delete", "POST": "create"}.get(method, "none")


def object_of(body):
    try:
        said = json.loads(body.decode("utf-8"))
        return said if isinstance(said, dict) else None
    except ValueError:
        return None


class Asked:
    """One request, and the world as it is for it."""

    def __init__(self, world, method, operation, target=None, is_foreign=False, fields=None, value=None):
        self.world, self.method, self.operation = world, method, operation
        self.target = world.id if target in (None, "verify", "permission_groups") else target
        self.is_foreign = is_foreign
        self.value = value  # verify: the secret that is asked about, where it is one of the world's
        world.requests += 1
        self.number = world.requests
        world.foreign += is_foreign
        self.is_uncached = fields is not None and fields.get("cache-control") == fields.get("pragma") == "no-cache"
        self.headers = []
        self.body = b""

    def token(self):
        return self.world.tokens.get(self.target) or Token(self.target, "absent")

    def is_let_through(self):
        """Whether a request that changes something reaches what it names."""
        blind = self.is_foreign or self.world.sight.get(self.method, "present") != "present"
        return self.world.knows(self.number) and not blind and not self.is_malformed()

    def is_malformed(self):
        return self.operation in ("create", "update") and object_of(self.body) is None

    def exists(self):
        return "present" if self.operation in ("create", "list", "groups") else self.token().state

    def sees(self):
        """The state of what it names, as the API shows that to this request."""
        is_dead = self.value is not None and self.value not in self.world.report()["live"]
        if is_dead or not self.world.knows(self.number):
            return "refused"
        if self.is_foreign:
            return "absent"
        if self.is_malformed():
            return "malformed"
        seen = self.world.sight.get(self.method, self.exists())
        return self.reads(seen) if self.method == "GET" and self.world.reads else seen

    def reads(self, seen):
        """The same, by a read path with a memory: a state, or a cache's entry {shows, headers, obeys}."""
        entry = self.world.reads.pop(0)
        if isinstance(entry, str):
            return entry
        if entry.get("obeys") and self.is_uncached:
            return seen
        self.headers = entry.get("headers") or []
        return entry.get("shows", seen)

    def draft(self):
        """What it names, as that will be when it has taken effect."""
        fields = {name: value for name, value in (object_of(self.body) or {}).items() if name not in READ_ONLY}
        if self.operation == "create":
            return Token(fresh_id(), "present", {"status": "active", **fields}, [fresh_secret()], made=True)
        if self.operation == "update":
            return self.token().after(fields={"status": "active", **fields})
        return self.token().after(value=fresh_secret()) if self.operation == "roll" else self.token()


class Truth:
    def __init__(self):
        self.worlds = {"verify": World(SELF)}
        self.lock = threading.RLock()

    def register(self, entries):
        for entry in entries:
            self.worlds[entry["id"]] = World(**{name: entry[name] for name in WORLD if entry.get(name)})

    def report(self, ids, forget=False):
        with self.lock:
            find = self.worlds.pop if forget else self.worlds.get
            return [find(id, None).report() for id in ids]

    def holder_of(self, fields):
        """The world whose secret the request carries, and that secret."""
        value = fields.get("authorization", "").removeprefix("Bearer ")
        holds = (world for world in self.worlds.values() for token in world.tokens.values() if value in token.values)
        world = next(holds, None)
        return (world, value) if world else (self.worlds["verify"], None)

    def world_of(self, account, target):
        """The token's, else the account's. A token that nobody registered is absent."""
        owner = self.worlds.get(account)
        if target is None or target == "permission_groups":
            return owner or self.worlds.setdefault(account, World(account or "user", account=True))
        if target not in self.worlds and owner and owner.is_account:
            return owner
        return self.worlds.setdefault(target, World(target, "absent"))

    def arrive(self, method, path, connection, fields):
        """The first bytes of a request are here."""
        found = PATH.search(path)
        if not found:
            return None
        account, target, is_value = found.groups()
        with self.lock:
            world, value = self.holder_of(fields) if target == "verify" else (self.world_of(account, target), None)
            is_foreign = account not in (ACCOUNT, None, world.id)
            asked = Asked(world, method, operation_of(method, target, is_value), target, is_foreign, fields, value)
            if value:
                asked.target = next(token.id for token in world.tokens.values() if value in token.values)
            world.arrived += method != "GET"
            world.gets += method == "GET"
            if connection not in world.connections:
                world.connections.append(connection)
        return asked

    def receive(self, asked, body):
        """All of it is here."""
        asked.body = body
        with self.lock:
            asked.world.received += asked.method != "GET"
            asked.world.cacheable += asked.method == "GET" and not asked.is_uncached

    def take_script(self, asked):
        """The next of its scripts that is for this method."""
        scripts, method = asked.world.scripts, asked.method
        with self.lock:
            for i, script in enumerate(scripts):
                if script.get("method", method) == method:
                    script["times"] = script.get("times", 1) - 1
                    return scripts.pop(i) if script["times"] == 0 else script
        return {}

    def act(self, asked, draft):
        """Makes a draft true."""
        world, operation = asked.world, asked.operation
        with self.lock:
            is_there = operation == "create" or asked.token().state == "present"
            if operation not in world.done or not is_there or not asked.is_let_through():
                return
            world.effects += 1
            world.done[operation] += 1
            if operation == "delete":
                asked.token().state = "absent"
            else:
                world.tokens[draft.id] = draft

    def hurry(self, asked):
        """A request broke off before it was whole; a hasty server has acted on it all the same."""
        if asked.method != "GET" and self.take_script(asked).get("early"):
            if asked.is_malformed():
                asked.body = b"{}"
            self.act(asked, asked.draft())

    def copy(self, asked):
        """A middleman's first copy of a request: it takes effect, and its answer is lost on the way."""
        asked.world.copied += 1
        self.act(asked, asked.draft())
