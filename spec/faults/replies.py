"""Replies as data: a script says what is odd about one, everything else is as the API answers."""

ENVELOPE = '{"success":%s,"errors":%s,"messages":[],"result":%s}'
YES, NO = "true", "false"


def refusal(code, message):
    return ENVELOPE % (NO, '[{"code":%d,"message":"%s"}]' % (code, message), "null")


NAMED = {
    "proof": (200, ENVELOPE % (YES, "[]", '{"id":"$ID"}')),
    "present": (200, ENVELOPE % (YES, "[]", '{"id":"$ID","name":"a token","status":"active"}')),
    "yes": (200, ENVELOPE % (YES, "[]", "null")),
    "other": (200, ENVELOPE % (YES, "[]", '{"id":"%s"}' % ("e" * 32))),
    "absent": (404, refusal(1003, "Token not found")),
    "no_route": (404, refusal(7003, "Could not route to the path")),
    "unauthorized": (401, refusal(10000, "Authentication error")),
    "forbidden": (403, refusal(9109, "Unauthorized to access requested resource")),
    "throttled": (429, refusal(10429, "Too many requests")),
    "broken": (503, refusal(7010, "Service unavailable")),
    "html": (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
}


def honest(method, state):
    """What the API itself would say."""
    if state != "present":
        return "absent"
    return "proof" if method == "DELETE" else "present"


class Reply:
    """`say` names one of NAMED; `status`, `headers`, `body`, `repeat` and `length` change it."""

    def __init__(self, script, say, id):
        status, body = NAMED[script.get("say", say)]
        self.status = script.get("status", status)
        text = script.get("body", body).replace("$ID", id)
        self.body = text.encode("latin-1") * script.get("repeat", 1)
        self.headers = [tuple(pair) for pair in script.get("headers", [])] * script.get("flood", 1)
        length = script.get("length", len(self.body))  # false: none is announced
        self.length = False if length is False else int(length)
        self.framing = script.get("framing", "length")
        self.interim = script.get("interim", [])
        self.frames = list(script["frames"]) if "frames" in script else None  # of Lua an empty list is {}
        self.raw = script.get("raw")

    def framed(self):
        """The body, as far as its length says that it goes."""
        return self.body if self.length is False else self.body[:self.length]

    def is_plain(self):
        """Whether its framing tells the truth about its bytes."""
        framed = {"content-length", "transfer-encoding", "content-encoding"}
        odd = any(name.lower() in framed for name, _ in self.headers)
        return not (odd or self.frames is not None or self.raw is not None or self.length not in (False, len(self.body)))
