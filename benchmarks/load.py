"""Load over keep-alive connections, made by a process that costs little CPU itself: bytes out, bytes in."""

import json
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Answers:
    """How long all of it took, and each request's status and time (both in no order).

    first_sent: seconds from the start of `run` to the first request.
    """

    seconds: float
    statuses: list[int]
    waits: list[float]
    first_sent: float = 0.0


def run(port: int, requests: Sequence[bytes], connections: int, *, per_second: float = 0) -> Answers:
    """Send all requests to the port, one at a time on each connection; `per_second` paces them."""
    began = time.time()
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(port), str(connections), str(per_second)],
        input=b"".join(struct.pack("<I", len(request)) + request for request in requests),
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    answers = Answers(**json.loads(process.stdout))
    answers.first_sent -= began
    return answers


@dataclass
class _Connection:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""
    missing: int = field(default=-1)  # bytes of the body that are still to come; -1 while the head is


def _main(port: int, connections: int, per_second: float) -> Answers:
    data = sys.stdin.buffer.read()
    waiting = _unpack(data)
    total = len(waiting)
    waiting.reverse()
    idle = [_connect(port) for _ in range(min(connections, total))]
    statuses: list[int] = []
    waits: list[float] = []
    selector = selectors.DefaultSelector()
    began, first_sent = time.perf_counter(), time.time()
    sent = 0
    while len(statuses) < total:
        while idle and waiting and (not per_second or time.perf_counter() - began >= sent / per_second):
            connection = idle.pop()
            connection.received, connection.missing = b"", -1
            connection.sent_at = time.perf_counter()
            connection.socket.sendall(waiting.pop())
            sent += 1
            if connection.socket not in selector.get_map():
                selector.register(connection.socket, selectors.EVENT_READ, connection)
        for key, _ in selector.select(0.001 if per_second else 5):
            connection = key.data
            if status := _receive(connection):
                statuses.append(status)
                waits.append(time.perf_counter() - connection.sent_at)
                idle.append(connection)
    return Answers(time.perf_counter() - began, statuses, waits, first_sent)


def _receive(connection: _Connection) -> int:
    """Take what came. Returns the status once the whole answer is there, else 0."""
    chunk = connection.socket.recv(65536)
    if not chunk:
        raise ConnectionError("the server hung up")
    if connection.missing < 0:
        connection.received += chunk
        end = connection.received.find(b"\r\n\r\n")
        if end < 0:
            return 0
        head = connection.received[:end].lower()
        start = head.index(b"content-length:") + 15
        stop = head.find(b"\r\n", start)
        length = int(head[start : stop if stop > 0 else None])
        connection.missing = length - (len(connection.received) - end - 4)
    else:
        connection.missing -= len(chunk)
    return int(connection.received[9:12]) if connection.missing == 0 else 0


def _connect(port: int) -> _Connection:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(connection)


def _unpack(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


if __name__ == "__main__":
    answers = _main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    print(json.dumps(answers.__dict__))
