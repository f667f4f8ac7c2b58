"""HTTP/2, frame by frame: just enough of RFC 9113 to answer a request, and to answer it wrongly."""
import struct

import hpack

from http1 import answer

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
ACK = END_STREAM = 1
END_HEADERS, PADDED, PRIORITY = 4, 8, 32
MOST = 16384  # bytes of a frame


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


# What a server says first, its answer to the client's settings, and room for the bodies of many requests: all of it
# waits for the first reply.
GREETING = (frame(SETTINGS, 0, 0, struct.pack("!HI", 3, 128)) + frame(SETTINGS, ACK, 0)
            + frame(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1 << 30)))


class Writer:
    """Turns one reply into frames."""

    def __init__(self, reply, stream, encoder):
        self.reply, self.stream, self.encoder = reply, stream, encoder

    def block(self, fields, flags):
        text = self.encoder.encode(fields, huffman=False)  # a date would have another length at another time
        parts = [text[i:i + MOST] for i in range(0, len(text), MOST)]
        kinds = [HEADERS] + [CONTINUATION] * (len(parts) - 1)
        ends = [0] * (len(parts) - 1) + [END_HEADERS]
        return b"".join(frame(kind, end | (flags if kind == HEADERS else 0), self.stream, part)
                        for kind, end, part in zip(kinds, ends, parts))

    def headers(self, flags=0):
        reply = self.reply
        fields = [(":status", str(reply.status)), ("content-type", "application/json"),
                  ("cf-ray", "8f1c2d3e4f5a6b7c-AMS"), ("date", reply.date)]
        if reply.framing == "length" and reply.length is not False:
            fields.append(("content-length", str(reply.length)))
        return self.block(fields + [(name.lower(), value) for name, value in reply.headers], flags)

    def headers_end(self):
        return self.headers(END_STREAM)

    def interim(self, status):
        return self.block([(":status", str(status))], 0)

    def trailers(self):
        return self.block([("x-trailer", "1")], END_STREAM)

    def data(self, start=0, end=None, flags=0):
        body = self.reply.body[start:end]
        parts = [body[i:i + MOST] for i in range(0, len(body), MOST)] or [b""]
        return b"".join(frame(DATA, flags if i == len(parts) - 1 else 0, self.stream, part)
                        for i, part in enumerate(parts))

    def data_end(self, start=0, end=None):
        return self.data(start, end, END_STREAM)

    def reset(self, code):
        return frame(RST_STREAM, 0, self.stream, struct.pack("!I", code))

    def goaway(self, below, code):
        """The last stream that it knows of is `below` under this one."""
        return frame(GOAWAY, 0, 0, struct.pack("!II", max(self.stream - below, 0), code))

    def raw(self, kind, flags, payload, stream=None):
        return frame(kind, flags, self.stream if stream is None else stream, payload.encode("latin-1"))

    def all(self):
        reply = self.reply
        if reply.raw is not None:
            return reply.raw.encode("latin-1")
        usual = ["headers", "data_end"] if reply.body else ["headers_end"]
        steps = [["interim", status] for status in reply.interim] + (usual if reply.frames is None else reply.frames)
        steps = [[step] if isinstance(step, str) else step for step in steps]
        return b"".join(getattr(self, step[0])(*step[1:]) for step in steps)


def fragment(payload, flags):
    """What a frame carries, without its padding."""
    padding = payload[0] if flags & PADDED else 0
    start = bool(flags & PADDED) + (5 if flags & PRIORITY else 0)
    return payload[start:len(payload) - padding]


def requests(line):
    """The parts of each request on a connection: its stream, its fields or None, bytes of its body, whether it ends."""
    decoder, block, ends = hpack.Decoder(), b"", False
    while True:
        head = line.read(9)
        payload = line.read(int.from_bytes(head[:3], "big"))
        if len(head) < 9 or len(payload) < int.from_bytes(head[:3], "big") or head[3] == GOAWAY:
            return
        kind, flags, stream = struct.unpack("!BBI", head[3:])
        if kind == PING and not flags & ACK:
            line.send(frame(PING, ACK, 0, payload))
        if kind == DATA:
            yield stream, None, fragment(payload, flags & PADDED), bool(flags & END_STREAM)
        if kind == HEADERS:
            ends = bool(flags & END_STREAM)
        if kind in (HEADERS, CONTINUATION):
            block += fragment(payload, flags) if kind == HEADERS else payload
            if flags & END_HEADERS:
                yield stream, dict(decoder.decode(block)), b"", ends
                block = b""


def exchanges(line, truth):
    """Each whole request, with its stream; a path that nobody knows is the end of them."""
    unfinished = {}
    for stream, fields, data, ends in requests(line):
        if fields:
            unfinished[stream] = truth.arrive(fields[":method"], fields[":path"], line.serial, fields)
        if unfinished.get(stream) is None:
            break
        unfinished[stream].body += data
        if ends:
            yield stream, unfinished.pop(stream)
    for asked in filter(None, unfinished.values()):
        truth.hurry(asked)


def serve(line, truth):
    if line.read(len(PREFACE)) != PREFACE:
        return line.end("fin")
    encoder, greeting = hpack.Encoder(), GREETING
    for stream, asked in exchanges(line, truth):
        truth.receive(asked, asked.body)
        opening, greeting = greeting, b""
        how = answer(line, truth, asked, lambda reply: opening + Writer(reply, stream, encoder).all())
        if how == "rest":  # the stream stays silent, the connection lives on
            continue
        if how:
            return line.end(how)
    line.end("fin")
