"""A server that keeps every byte it was told, for specs that must know what arrived.

It prints the port where it takes orders, one JSON object a line, and ends with the connection that
gives them:
  {"do": "listen", ...}           opens a port, and answers with it
      "host"      the address (127.0.0.1)
      "tls"       {"certificate", "key", "oldest", "newest", "ciphers"}; without it, plain
      "answers"   by method: what to say to each request; "" hangs up; $ID is the path's last part, $PORT its own
      "blurts"    what to say to the first bytes, whatever they are, before hanging up
      "floods"    what to say behind an answer, again and again, until the peer has enough
      "tunnel"    the port that a 200 to CONNECT leads to
  {"do": "heard", "port": P}      what arrived there since the last time, in hex and decrypted, and on how
                                  many connections; with "ended" when all of them have ended, or in 5 seconds
"""
import json
import os
import select
import socket
import ssl
import threading
import warnings

warnings.simplefilter("ignore")  # that TLS 1.0 is old is the point
PATIENCE = 20


def make_context(tls):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(tls.get("ciphers", "DEFAULT:@SECLEVEL=0"))
    context.load_cert_chain(tls["certificate"], tls["key"])
    context.minimum_version = ssl.TLSVersion[tls.get("oldest", "TLSv1_2")]
    context.maximum_version = ssl.TLSVersion[tls.get("newest", "TLSv1_3")]
    return context


class Listener:
    def __init__(self, order):
        self.answers = order.get("answers", {})
        self.blurts = order.get("blurts")
        self.floods = order.get("floods")
        self.tunnel = order.get("tunnel")
        self.context = make_context(order["tls"]) if order.get("tls") else None
        self.changed = threading.Condition()
        self.bytes, self.connections, self.open = bytearray(), 0, 0
        self.socket = socket.create_server((order.get("host", "127.0.0.1"), 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = self.socket.accept()[0]
            with self.changed:
                self.connections += 1
                self.open += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(PATIENCE)
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.converse(connection)
        except OSError:  # the peer left, or would not shake hands
            pass
        connection.close()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def hear(self, connection):
        data = connection.recv(65536)
        with self.changed:
            self.bytes += data
        return data

    def converse(self, connection):
        waiting = b""
        while data := self.hear(connection):
            if self.blurts:
                return connection.sendall(self.blurts.encode())
            waiting += data
            while b"\r\n\r\n" in waiting:
                head, waiting = waiting.split(b"\r\n\r\n", 1)
                method, path = (head.split(b" ") + [b""])[:2]
                answer = self.answers.get(method.decode("latin-1"), "").encode("latin-1")
                answer = answer.replace(b"$ID", path.split(b"/")[-1]).replace(b"$PORT", b"%d" % self.port)
                connection.sendall(answer)
                while self.floods:
                    connection.sendall(self.floods.encode() * 1000)
                if not answer:
                    return
                if method == b"CONNECT" and self.tunnel:
                    return self.relay(connection)

    def relay(self, connection):
        """Both ways in one thread: a TLS connection bears no two."""
        with socket.create_connection(("127.0.0.1", self.tunnel)) as onward:
            ends = {end.fileno(): end for end in (connection, onward)}
            poller, ready = select.poll(), [connection]  # select knows no descriptor above 1,023
            for number in ends:
                poller.register(number, select.POLLIN)
            while ready:
                pending = isinstance(connection, ssl.SSLSocket) and connection.pending()
                found = [] if pending else poller.poll(PATIENCE * 1000)
                ready = [connection] if pending else [ends[number] for number, _ in found]
                for source in ready:
                    data = self.hear(connection) if source is connection else onward.recv(65536)
                    if not data:
                        return
                    (onward if source is connection else connection).sendall(data)

    def heard(self, ended):
        with self.changed:
            if ended:
                self.changed.wait_for(lambda: self.open == 0, 5)
            told = {"bytes": self.bytes.hex(), "connections": self.connections}
            self.bytes, self.connections = bytearray(), 0
            return told


def main():
    listeners = {}
    control = socket.create_server(("127.0.0.1", 0))
    control.settimeout(PATIENCE)
    print(control.getsockname()[1], flush=True)
    orders = control.accept()[0].makefile("rw")
    for line in orders:
        order = json.loads(line)
        if order["do"] == "listen":
            listener = Listener(order)
            listeners[listener.port] = listener
            reply = {"port": listener.port}
        else:
            reply = listeners[order["port"]].heard(order.get("ended", False))
        orders.write(json.dumps(reply) + "\n")
        orders.flush()
    os._exit(0)  # threads may still wait for a peer


main()
