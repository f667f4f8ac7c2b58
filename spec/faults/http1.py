"""HTTP/1.1, exact to the byte."""
from meaning import meaning
from replies import Reply
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
    lines.append("HTTP/1.1 %s -\r\nContent-Type: application/json\r\nCF-Ray: 8f1c2d3e4f5a6b7c-AMS\r\nDate: %s\r\n"
                 % (reply.status, reply.date))
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked\r\n")
    elif reply.framing == "length" and reply.length is not False:
        lines.append("Content-Length: %d\r\n" % reply.length)
    lines += ["%s: %s\r\n" % pair for pair in reply.headers]
    body = chunked(reply.body) if reply.framing == "chunked" else reply.body
    return ("".join(lines) + "\r\n").encode("latin-1") + body


def answer(line, truth, asked, compose):
    """Acts and replies as its world's next script says. Returns how the connection ends, if it does."""
    method = asked.method
    script = truth.take_script(asked)
    if script.get("copies") and method != "GET":
        truth.copy(asked)
    draft = asked.draft()
    reply = Reply(script, asked, draft)
    wire = compose(reply)
    is_old = method == "GET" and reply.is_cached
    said = "nothing" if is_old else meaning(reply.status, reply.framed(), asked.operation, draft.id)
    needed = len(wire) - 2 if reply.framing == "chunked" else len(wire)  # RFC 9112, 8: complete with its zero chunk
    is_whole = script.get("cut", len(wire)) >= needed
    acts = method != "GET" and (script.get("effect", said not in ("refusal", "absent")) or script.get("honest") and is_whole)
    if acts and not script.get("late"):
        truth.act(asked, draft)
    is_sound = script.get("sound", reply.is_plain()) and is_whole
    asked.world.answers.append({"method": method, "operation": asked.operation, "says": said if is_sound else "nothing"})
    play(line, wire, script)
    if acts and script.get("late"):
        truth.act(asked, draft)
    return script.get("end", "fin" if "cut" in script or reply.framing == "close" else None)


def fields_of(lines):
    pairs = [line.decode("latin-1").partition(":") for line in lines]
    return {name.lower(): value.strip() for name, _, value in pairs}


def body_of(line, head, fields):
    """The body of a request; None where the request is not whole."""
    length = int(fields.get("content-length", "0"))
    body = line.read(length) if head.endswith(b"\r\n\r\n") else b""
    return body if head.endswith(b"\r\n\r\n") and len(body) == length else None


def serve(line, truth):
    while True:
        head = line.read_until(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        words = lines[0].decode("latin-1").split(" ")
        if b"\r\n" not in head or len(words) != 3:
            return line.end("fin")
        fields = fields_of(lines[1:])
        asked = truth.arrive(words[0], words[1], line.serial, fields)
        body = asked and body_of(line, head, fields)
        if body is None:
            if asked:
                truth.hurry(asked)
            return line.end("fin")
        truth.receive(asked, body)
        how = answer(line, truth, asked, compose)
        if how:
            return line.end(how)
