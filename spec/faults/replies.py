"""Replies as data: a script says what is odd about one, everything else is as the API answers.

In a body $ID is the token's id, $VALUE its secret, $TOKEN the token, $NEW the token with its secret, $LIST those of the
account and $COUNT their number: each as it will be when the request has taken effect.
"""

import json
import time

ENVELOPE = '{"success":%s,"errors":%s,"messages":[],"result":%s}'
LIST = ('{"success":true,"errors":[],"messages":[],"result":%s,'
        '"result_info":{"page":1,"per_page":50,"count":%s,"total_count":%s}}')
GROUPS = json.dumps([{"id": "%032d" % i, "name": "Group %d" % i, "scopes": ["com.cloudflare.api.account"]} for i in (1, 2)])
YES, NO = "true", "false"


def refusal(code, message, chain=""):
    return ENVELOPE % (NO, '[{"code":%d,"message":"%s"%s}]' % (code, message, chain), "null")


CHAIN = ',"error_chain":[{"code":%d,"message":"the cause"}]'


NAMED = {
    "proof": (200, ENVELOPE % (YES, "[]", '{"id":"$ID"}')),
    "present": (200, ENVELOPE % (YES, "[]", "$TOKEN")),
    "created": (200, ENVELOPE % (YES, "[]", "$NEW")),
    "rolled": (200, ENVELOPE % (YES, "[]", '"$VALUE"')),
    "listed": (200, LIST % ("$LIST", "$COUNT", "$COUNT")),
    "groups": (200, LIST % (GROUPS, 2, 2)),
    "malformed": (400, refusal(400, "Invalid request body")),
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


def honest(asked, sight):
    """What the API itself would say: `sight` is the state of what this request names, as it sees it."""
    if sight == "refused":
        return "invalid"
    if sight == "malformed":
        return "malformed"
    if asked.operation in ("list", "groups"):
        return {"list": "listed", "groups": "groups"}[asked.operation]
    if sight != "present":
        return "absent"
    return {"delete": "proof", "create": "created", "roll": "rolled"}.get(asked.operation, "present")


def fill(text, asked, draft, sight):
    """A body with what it must name. A list that a read path has not heard of yet is empty."""
    shown = asked.world.shown() if sight == "present" else []
    value = draft.values[-1] if draft.values else ""
    fills = {"$ID": draft.id, "$VALUE": value, "$TOKEN": draft.show(), "$NEW": draft.show(value), "$COUNT": str(len(shown)),
             "$LIST": "[%s]" % ",".join(token.show() for token in shown)}
    for name, filling in fills.items():
        text = text.replace(name, filling)
    return text


class Reply:
    """`say` names one of NAMED; `status`, `headers`, `body`, `repeat` and `length` change it."""

    def __init__(self, script, asked, draft):
        sight = asked.sees()
        status, body = NAMED[script.get("say", honest(asked, sight))]
        self.status = script.get("status", status)
        text = fill(script.get("body", body), asked, draft, sight)
        self.body = text.encode("latin-1") * script.get("repeat", 1)
        self.headers = [tuple(pair) for pair in [*asked.headers, *script.get("headers", [])]] * script.get("flood", 1)
        self.date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
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
