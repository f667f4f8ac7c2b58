"""What is true: which tokens exist, what arrived for each, and what really took effect."""
import json
import re
import threading

PATH = re.compile(r"/accounts/[0-9a-f]{32}/tokens/([0-9a-f]{32}|verify)$")
SELF = "5" * 32  # what verify answers


class Token:
    def __init__(self, id, state, scripts):
        self.id = id
        self.state = state  # present, absent, or hidden from this credential
        self.scripts = scripts
        self.arrived = self.received = self.effects = self.gets = 0  # DELETEs, but for gets
        self.relayed = 0  # bytes that a relay had from the client
        self.left = False  # whether it saw a request among them, wherever that went
        self.connections = []
        self.answers = []

    def report(self):
        hidden = ("scripts",)
        return {name: value for name, value in vars(self).items() if name not in hidden}


class Truth:
    def __init__(self):
        self.tokens = {"verify": Token(SELF, "present", [])}
        self.lock = threading.RLock()

    def register(self, entries):
        for entry in entries:
            self.tokens[entry["id"]] = Token(entry["id"], entry.get("state", "present"), entry.get("scripts") or [])

    def report(self, ids, forget=False):
        with self.lock:
            find = self.tokens.pop if forget else self.tokens.get
            return [find(id, None).report() for id in ids]

    def find(self, path):
        """The token that a path names: one that nobody registered is absent."""
        found = PATH.search(path)
        if not found:
            return None
        with self.lock:
            return self.tokens.setdefault(found[1], Token(found[1], "absent", []))

    def arrive(self, method, path, connection):
        """The first bytes of a request are here."""
        token = self.find(path)
        if not token:
            return None
        with self.lock:
            token.arrived += method == "DELETE"
            token.gets += method == "GET"
            if connection not in token.connections:
                token.connections.append(connection)
        return token

    def take_script(self, token, method):
        """The next of its scripts that is for this method."""
        with self.lock:
            for i, script in enumerate(token.scripts):
                if script.get("method", method) == method:
                    script["times"] = script.get("times", 1) - 1
                    return token.scripts.pop(i) if script["times"] == 0 else script
        return {}

    def delete(self, token):
        with self.lock:
            token.effects += token.state == "present"
            token.state = "absent" if token.state == "present" else token.state


class Twice(ValueError):
    pass


def once(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def refuse(constant):
    raise ValueError(constant)


def meaning(status, body, id):
    """What a whole, well framed reply says to a reader who has never seen the module."""
    try:
        said = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        return "nothing"
    if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
        return "nothing"
    result, errors = said.get("result"), said.get("errors")
    if said["success"] and status == 200:
        return "proof" if isinstance(result, dict) and result.get("id") == id else "yes"
    if said["success"] or not isinstance(errors, list) or not errors or not 400 <= status < 500 or status == 408:
        return "nothing"
    return "absent" if status == 404 else "refusal"
