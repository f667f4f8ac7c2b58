"""One connection, plain or TLS: how it is read, how a reply goes out on it, and how it breaks."""
import select
import socket
import ssl
import struct
import time

PATIENCE = 600  # seconds after which a forgotten connection ends
RESET = struct.pack("ii", 1, 0)


class Line:
    def __init__(self, sock, serial):
        self.sock, self.serial = sock, serial
        self.is_tls = isinstance(sock, ssl.SSLSocket)
        self.buffer = b""

    def fill(self):
        try:
            more = self.sock.recv(65536)
        except OSError:
            more = b""
        self.buffer += more
        return bool(more)

    def read(self, count):
        """`count` bytes, or fewer where the peer ended before."""
        while len(self.buffer) < count and self.fill():
            pass
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_until(self, mark):
        while mark not in self.buffer and self.fill():
            pass
        end = self.buffer.find(mark)
        return self.read(end + len(mark) if end >= 0 else len(self.buffer))

    def send(self, data):
        try:
            self.sock.sendall(data)
            return True
        except OSError:
            return False

    def end(self, how):
        """fin: TCP's end alone; notify: TLS's before it; rst; stall: nothing more until the peer has enough.

        rest is a stall, too, but under HTTP/2 only of one stream.
        """
        try:
            if how in ("stall", "rest"):
                poll = select.poll()
                poll.register(self.sock, select.POLLRDHUP)  # reading nothing more is part of it
                poll.poll(PATIENCE * 1000)
            if how == "rst":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            elif how == "notify" and self.is_tls:
                self.sock.settimeout(0)  # say it, but do not wait for the peer's
                self.sock.unwrap()
        except OSError:
            pass
        try:
            if how != "rst":
                self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.sock.close()


def play(line, wire, script):
    """Sends a reply as the script says: all of it, or `cut`, only so many bytes (under 0: all but so many).

    pause: {at, seconds}: once, after so many bytes; drip: {from, every}: a byte each `every` seconds from there on,
    counted from the end where it is under 0.
    """
    part = wire[:script.get("cut", len(wire))]
    pause, drip = script.get("pause"), script.get("drip")
    if pause:
        line.send(part[:pause["at"]])
        time.sleep(pause["seconds"])
        part = part[pause["at"]:]
    start = drip["from"] % len(part) if drip else len(part)
    line.send(part[:start])
    for i in range(start, len(part)):
        if not line.send(part[i:i + 1]):
            return
        time.sleep(drip["every"])


ALERT = 19  # bytes of a protected alert, as the one that ends a connection: two, its type and a tag


def has_left(data, over):
    """Whether a request is among a client's bytes: of TLS 1.3, more than the handshake's one protected record.

    Under HTTP/2 that may be the preface alone, which tells nothing.
    """
    if over == "plain":
        return len(data) > 0
    records = 0
    while len(data) >= 5:
        length = int.from_bytes(data[3:5], "big")
        records += data[0] == 23 and length != ALERT
        data = data[5 + length:]
    return over == "http1" and records > 1


def carry(source, target, most):
    """Carries what is there, `most` bytes of it. Returns all that was read."""
    try:
        data = source.recv(65536 if most is None else min(most, 65536))
        target.sendall(data)
        return data
    except OSError:
        return b""


def relay(client, server, plan, note):
    """Carries bytes to the real server and back, and breaks both ways after `up` bytes to it or `down` from it."""
    budget = {client: plan.get("up"), server: plan.get("down")}
    other, seen, data = {client: server, server: client}, b"", b"?"
    while data and 0 not in budget.values():
        for source in select.select([client, server], [], [], PATIENCE)[0]:
            data = carry(source, other[source], budget[source])
            if budget[source] is not None:
                budget[source] -= len(data)
            if source is client:
                seen += data
                note(seen)
            if not data or budget[source] == 0:
                break
    how = plan.get("end", "fin") if 0 in budget.values() else "fin"
    Line(client, 0).end(how)
    Line(server, 0).end("fin" if how == "stall" else how)
