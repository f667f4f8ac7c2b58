"""HTTP/1.1, exact to the byte."""
from replies import Reply, honest
from truth import meaning
from wire import play


def chunked(body):
    half = len(body) // 2
    parts = [part for part in (body[:half], body[half:]) if part]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def compose(reply):
    """The bytes of a reply, as they are on the wire."""
    if reply.raw is not None:
        return reply.raw.encode("latin-1")
    lines = ["HTTP/1.1 %d -\r\n\r\n" % status for status in reply.interim]
    lines.append("HTTP/1.1 %s -\r\nContent-Type: application/json\r\nCF-Ray: 8f1c2d3e4f5a6b7c-AMS\r\n" % reply.status)
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked\r\n")
    elif reply.framing == "length" and reply.length is not False:
        lines.append("Content-Length: %d\r\n" % reply.length)
    lines += ["%s: %s\r\n" % pair for pair in reply.headers]
    body = chunked(reply.body) if reply.framing == "chunked" else reply.body
    return ("".join(lines) + "\r\n").encode("latin-1") + body


def answer(line, truth, asked, compose):
    """Acts and replies as the token's next script says. Returns how the connection ends, if it does."""
    token, method = asked.token, asked.method
    script = truth.take_script(token, method)
    if script.get("copies") and method == "DELETE":
        truth.copy(asked)
    sight = asked.sees()
    reply = Reply(script, honest(method, sight), token.id, asked.headers)
    wire = compose(reply)
    is_old = method == "GET" and reply.is_cached
    said = "nothing" if is_old else meaning(reply.status, reply.framed(), token.id)
    acts = method == "DELETE" and script.get("effect", said not in ("refusal", "absent"))
    if acts and not script.get("late"):
        truth.delete(asked)
    needed = len(wire) - 2 if reply.framing == "chunked" else len(wire)  # RFC 9112, 8: complete with its zero chunk
    is_sound = script.get("sound", reply.is_plain()) and script.get("cut", len(wire)) >= needed
    token.answers.append({"method": method, "says": said if is_sound else "nothing"})
    play(line, wire, script)
    if acts and script.get("late"):
        truth.delete(asked)
    return script.get("end", "fin" if "cut" in script or reply.framing == "close" else None)


def fields_of(lines):
    pairs = [line.decode("latin-1").partition(":") for line in lines]
    return {name.lower(): value.strip() for name, _, value in pairs}


def serve(line, truth):
    while True:
        head = line.read_until(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        words = lines[0].decode("latin-1").split(" ")
        if b"\r\n" not in head or len(words) != 3:
            return line.end("fin")
        asked = truth.arrive(words[0], words[1], line.serial, fields_of(lines[1:]))
        if not asked or not head.endswith(b"\r\n\r\n"):
            early = asked and words[0] == "DELETE" and truth.take_script(asked.token, "DELETE").get("early")
            if early:  # it did not wait for the whole request
                truth.delete(asked)
            return line.end("fin")
        asked.token.received += words[0] == "DELETE"
        how = answer(line, truth, asked, compose)
        if how:
            return line.end(how)
