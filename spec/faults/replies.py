"""Replies as data: a script says what is odd about one, everything else is as the API answers."""

ENVELOPE = '{"success":%s,"errors":%s,"messages":[],"result":%s}'
YES, NO = "true", "false"


def refusal(code, message, chain=""):
    return ENVELOPE % (NO, '[{"code":%d,"message":"%s"%s}]' % (code, message, chain), "null")


CHAIN = ',"error_chain":[{"code":%d,"message":"the cause"}]'


NAMED = {
    "proof": (200, ENVELOPE % (YES, "[]", '{"id":"$ID"}')),
    "present": (200, ENVELOPE % (YES, "[]", '{"id":"$ID","name":"a token","status":"active"}')),
    "yes": (200, ENVELOPE % (YES, "[]", "null")),
    "other": (200, ENVELOPE % (YES, "[]", '{"id":"%s"}' % ("e" * 32))),
    "absent": (404, refusal(1003, "Token not found")),
    "no_route": (404, refusal(7003, "Could not route to the path")),
    "no_route_below": (404, refusal(1003, "Token not found", CHAIN % 7003)),
    "worker": (404, refusal(7002, "Not Found")),
    "gateway": (404, ENVELOPE % (NO, '[{"message":"Route not found"}]', "null")),
    "gateway_empty": (404, ENVELOPE % (NO, "[{}]", "null")),
    "unauthorized_404": (404, refusal(10000, "Authentication error")),
    "forbidden_404": (404, refusal(9109, "Invalid access token")),
    "invalid": (401, refusal(1000, "Invalid API Token")),
    "unauthorized": (401, refusal(10000, "Authentication error")),
    "unauthorized_403": (403, refusal(10000, "Authentication error")),
    "locked_out": (403, refusal(10502, "Too many authentication failures")),
    "locked_out_401": (401, refusal(10502, "Too many authentication failures")),
    "forbidden": (403, refusal(9109, "Unauthorized to access requested resource")),
    "throttled": (429, refusal(10429, "Too many requests")),
    "broken": (503, refusal(7010, "Service unavailable")),
    "html": (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
}


def honest(method, sight):
    """What the API itself would say: `sight` is the token's state as this request sees it."""
    if sight == "refused":
        return "invalid"
    if sight != "present":
        return "absent"
    return "proof" if method == "DELETE" else "present"


class Reply:
    """`say` names one of NAMED; `status`, `headers`, `body`, `repeat` and `length` change it."""

    def __init__(self, script, say, id, headers=()):
        status, body = NAMED[script.get("say", say)]
        self.status = script.get("status", status)
        text = script.get("body", body).replace("$ID", id)
        self.body = text.encode("latin-1") * script.get("repeat", 1)
        self.headers = [tuple(pair) for pair in [*headers, *script.get("headers", [])]] * script.get("flood", 1)
        self.is_cached = any(name.lower() == "age" or name.lower() == "warning" and value.startswith("110")
                             for name, value in self.headers)
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
