"""The outbound HTTP client: whom it refuses to call, and how it ends what takes too long.

All traffic stays on the loopback interface: where a test needs a public address, the socket is
replaced by one that only notes it.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from merchants import http
from merchants.addresses import Policy, is_public

Answer = Callable[[socket.socket, bytes], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\nhi"


def plain(sock: socket.socket, _: bytes) -> None:
    sock.sendall(OK)


class Sink:
    """A real server on 127.0.0.1 and ::1 that notes the first bytes of every connection."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.answer: Answer = plain
        first = socket.create_server(("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self.sockets = [first]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self.sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for listener in self.sockets:
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            while data := sock.recv(65536):
                self.seen.append(data)
                self.answer(sock, data)

    def close(self) -> None:
        for listener in self.sockets:
            with contextlib.suppress(OSError):  # closed before, by the test itself
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


# Names that a fake name server knows; "{port}" is the sink's.
INNER = {
    "inner.example": ["127.0.0.1"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "ten.example": ["10.1.2.3"],
    "cgnat.example": ["100.64.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "ula.example": ["fd00:ec2::254"],
    "scoped.example": ["fe80::1%lo"],
    "zero.example": ["0.0.0.0"],
    "garbage.example": ["not an address"],
}
HOSTS = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.255.255.254 0 0.0.0.0 0x7f.1 0x7f000001 0x7f.0x0.0x0.0x1
2130706433 017700000001 0177.0.0.1 0177.1 127.0.0.1. 10.0.0.1 10.255.255.255 172.16.0.1
172.31.255.255 192.168.0.1 192.168.1 3232235521 169.254.169.254 0xa9fea9fe 2852039166
0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200 192.0.0.1 192.0.0.192 192.0.2.1
192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 168.63.129.16 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1]
[::ffff:a9fe:a9fe] [::127.0.0.1] [fe80::1] [fe80::1%25lo] [fc00::1] [fd00:ec2::254] [ff02::1]
[64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [2002:7f00:1::] [2001:0:7f00:1::] [2001:db8::1] [3fff::1]
[fec0::1] ①②⑦.⓪.⓪.① 127。0。0。1 localhost
""".split()  # noqa: SIM905 - sixty lines otherwise
SHAPES = [
    "http://public.example@127.0.0.1:{port}/",
    "http://user:pass@public.example/",
    "http://127.0.0.1:{port}#@public.example/",
    "http://127.0.0.1:{port}\\@public.example/",
    "http://public.example:80@127.0.0.1:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1\r\nHost: public.example:{port}/",
    "http:127.0.0.1:{port}",
    "http:///127.0.0.1:{port}/",
    "http://:{port}/",
    "http://",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "dict://127.0.0.1:{port}/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "javascript:alert(1)",
    "",
]
CORPUS = [
    *(f"http://{host}:{{port}}/" for host in HOSTS),
    *(f"http://{name}:{{port}}/" for name in INNER),
    *SHAPES,
]


def fake_resolver(host: str, port: int) -> list[str]:
    """The fake names, and the system's reading of everything that is not a name."""
    if host in INNER:
        return INNER[host]
    if host.endswith(".example"):
        raise socket.gaierror(f"no such name: {host}")
    return ["127.0.0.1"] if host == "localhost" else numeric(host, port)


def numeric(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        # What a careless resolver would make of it: the sink.
        return ["127.0.0.1"]
    return [str(entry[4][0]) for entry in found]


def careless(sink: Sink, **more: Any) -> http.OutboundSession:
    """A session that would call the sink if the addresses were not checked."""
    ports = frozenset({80, 443, sink.port})
    options = {"allow_http": True, "ports": ports, "resolver": fake_resolver} | more
    return http.OutboundSession(Policy(**options))


def trusting(sink: Sink) -> http.OutboundSession:
    return http.OutboundSession(Policy(allow=frozenset({f"127.0.0.1:{sink.port}"})))


def url(sink: Sink, path: str = "/") -> str:
    return f"http://127.0.0.1:{sink.port}{path}"


# Whom it refuses


def test_the_corpus_is_large_enough() -> None:
    assert len(set(CORPUS)) >= 60


@pytest.mark.parametrize("nasty", CORPUS)
def test_it_refuses_every_road_to_an_inner_address(sink: Sink, nasty: str) -> None:
    with pytest.raises(http.Refused):
        careless(sink).request("POST", nasty.format(port=sink.port), data=b"x")
    assert sink.seen == []


@pytest.mark.parametrize("nasty", CORPUS)
def test_it_refuses_them_over_tls_too(sink: Sink, nasty: str) -> None:
    nasty = nasty.format(port=sink.port).replace("http:", "https:")
    with pytest.raises(http.Refused):
        careless(sink).request("GET", nasty)
    assert sink.seen == []


def test_the_sink_would_have_noticed(sink: Sink) -> None:
    answer = careless(sink, allow_private=True).request("GET", f"http://inner.example:{sink.port}/a")
    assert (answer.status, answer.text) == (200, "hi")
    assert sink.seen[0].startswith(b"GET /a HTTP/1.1\r\nHost: inner.example:")


class OpenedSockets:
    """Notes where a socket would have gone, and refuses to go there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.addresses: list[str] = []
        monkeypatch.setattr("merchants.transport.socket.create_connection", self)

    def __call__(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.addresses.append(address[0])
        raise ConnectionRefusedError


def test_a_name_server_that_changes_its_answer_wins_nothing(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = OpenedSockets(monkeypatch)
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["93.184.215.14"]])
    session = careless(sink, resolver=lambda host, port: next(answers))
    target = f"http://rebind.example:{sink.port}/"
    with pytest.raises(http.ConnectionFailed):
        session.request("GET", target)  # one question, and the socket went to its answer
    with pytest.raises(http.Refused):
        session.request("GET", target)  # asked and checked anew for every connection
    with pytest.raises(http.ConnectionFailed):
        session.request("GET", target)
    assert opened.addresses == ["93.184.215.14", "93.184.215.14"]
    assert sink.seen == []


def test_one_inner_address_among_public_ones_is_enough_to_refuse(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = OpenedSockets(monkeypatch)
    with pytest.raises(http.Refused):
        careless(sink).request("GET", f"http://mixed.example:{sink.port}/")
    assert opened.addresses == []


def test_every_public_address_of_a_name_is_tried(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = OpenedSockets(monkeypatch)
    session = careless(sink, resolver=lambda host, port: ["2606:2800::1", "93.184.215.14"])
    with pytest.raises(http.ConnectionFailed):
        session.request("GET", "https://two.example/")
    assert opened.addresses == ["2606:2800::1", "93.184.215.14"]


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)
    assert is_public("64:ff9b::808:808")


@pytest.mark.parametrize(
    "nasty",
    [
        "http://public.example/",
        "https://public.example:22/",
        "https://public.example:6379/",
        "https://public.example:5432/",
        "https://public.example:99999/",
    ],
)
def test_it_calls_https_on_few_ports_only(nasty: str) -> None:
    session = http.OutboundSession(Policy(resolver=lambda host, port: pytest.fail("asked")))
    with pytest.raises(http.Refused):
        session.request("GET", nasty)


def test_allowing_an_address_allows_that_port_only(sink: Sink) -> None:
    assert trusting(sink).request("GET", url(sink)).ok
    with pytest.raises(http.Refused):
        trusting(sink).request("GET", f"http://127.0.0.1:{sink.port + 1}/")


def test_a_shared_connection_does_not_leak_to_a_stricter_caller(sink: Sink) -> None:
    allow = [f"127.0.0.1:{sink.port}"]
    assert http.request("GET", url(sink), allow=allow).ok
    with pytest.raises(http.Refused):
        http.request("GET", url(sink))
    assert len(sink.seen) == 1


# What it sends and takes


def test_connections_are_pooled_and_the_body_arrives(sink: Sink) -> None:
    session = trusting(sink)
    ports = set()

    def note(sock: socket.socket, data: bytes) -> None:
        ports.add(sock.getpeername()[1])
        if data.endswith(b"}"):  # The body may come in a piece of its own: one answer a request.
            sock.sendall(OK)

    sink.answer = note
    for _ in range(3):
        session.request("POST", url(sink), json={"a": 1}, params={"q": "ü"}, headers={"X-A": "b"})
    assert len(ports) == 1
    assert sink.seen[0].startswith(b"POST /?q=%C3%BC HTTP/1.1\r\n")
    assert b'{"a": 1}' in b"".join(sink.seen)
    assert b"Cookie" not in b"".join(sink.seen)


def test_tls_asks_for_the_name_and_not_for_the_address(sink: Sink) -> None:
    sink.answer = lambda sock, _: sock.close()
    with pytest.raises(http.ConnectionFailed):
        careless(sink, allow_private=True).request("GET", f"https://inner.example:{sink.port}/")
    assert b"inner.example" in sink.seen[0]


def test_redirects_are_answers_and_not_followed(sink: Sink) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {url(sink, '/b')}\r\nContent-Length: 0\r\n\r\n"
    sink.answer = lambda sock, _: sock.sendall(head.encode())
    answer = trusting(sink).request("GET", url(sink))
    assert (answer.status, answer.headers["location"]) == (302, url(sink, "/b"))
    assert len(sink.seen) == 1


def test_proxies_of_the_environment_are_not_used(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", url(sink))
    monkeypatch.setenv("HTTPS_PROXY", url(sink))
    with pytest.raises(http.ConnectionFailed):
        careless(sink).request("GET", "http://nowhere.example/")
    assert sink.seen == []


@pytest.mark.parametrize("head", [b"Content-Length: 1000\r\n", b""])
def test_an_answer_over_the_limit_is_not_taken(sink: Sink, head: bytes) -> None:
    def large(sock: socket.socket, _: bytes) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"Connection: close\r\n\r\n" + b"x" * 1000)
        sock.close()

    sink.answer = large
    with pytest.raises(http.TooLarge):
        trusting(sink).request("GET", url(sink), max_bytes=999)
    assert len(trusting(sink).request("GET", url(sink), max_bytes=1000).body) == 1000


def silence(sock: socket.socket, _: bytes) -> None:
    time.sleep(3)


def half_a_body(sock: socket.socket, _: bytes) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    time.sleep(3)


def drip_head(sock: socket.socket, _: bytes) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
        sock.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(sock: socket.socket, _: bytes) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _byte in range(100):
        sock.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("slow", [silence, half_a_body, drip_head, drip_body])
def test_what_takes_too_long_is_ended(sink: Sink, slow: Answer) -> None:
    sink.answer = slow
    read = 0.2 if slow in (silence, half_a_body) else 5
    started = time.monotonic()
    with pytest.raises(http.TimedOut):
        trusting(sink).request("GET", url(sink), timeout=http.Timeout(1, read, 0.5))
    assert time.monotonic() - started < 1.5


def test_a_tls_handshake_that_drips_is_ended(sink: Sink) -> None:
    sink.answer = drip_head
    started = time.monotonic()
    with pytest.raises((http.TimedOut, http.ConnectionFailed)):
        trusting(sink).request("GET", url(sink).replace("http", "https"), timeout=http.Timeout(5, 5, 0.5))
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("bad", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
def test_what_is_not_http_is_a_failed_connection(sink: Sink, bad: bytes) -> None:
    def answer(sock: socket.socket, _: bytes) -> None:
        sock.sendall(bad)
        sock.shutdown(socket.SHUT_RDWR)

    sink.answer = answer
    with pytest.raises(http.ConnectionFailed):
        trusting(sink).request("GET", url(sink))


def test_a_closed_port_is_a_failed_connection(sink: Sink) -> None:
    sink.close()
    with pytest.raises(http.ConnectionFailed):
        trusting(sink).request("GET", url(sink))


def test_json_that_is_none_is_a_value_error(sink: Sink) -> None:
    with pytest.raises(ValueError, match="JSON"):
        trusting(sink).request("GET", url(sink)).json()


def test_a_header_with_a_line_break_is_refused_and_said_nowhere(sink: Sink) -> None:
    """It may be somebody's key, entered with a line break; what went wrong is shown and logged."""
    with pytest.raises(http.Refused) as refused:
        trusting(sink).request("GET", url(sink), headers={"Authorization": "Bearer key-1\r\nX-B: c"})
    assert "key-1" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert sink.seen == []


# Transactions


def test_it_refuses_to_run_inside_a_transaction(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "transaction_check", lambda: True)
    with pytest.raises(RuntimeError, match="transaction"):
        trusting(sink).request("GET", url(sink))
    assert sink.seen == []


@pytest.mark.django_db
def test_the_block_around_a_test_is_no_transaction_of_ours(sink: Sink) -> None:
    assert not http.in_transaction()
    with transaction.atomic():
        assert http.in_transaction()
        with pytest.raises(RuntimeError, match="transaction"):
            trusting(sink).request("GET", url(sink))
    assert trusting(sink).request("GET", url(sink)).ok
    assert len(sink.seen) == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_of_ours_is_one(sink: Sink) -> None:
    assert not http.in_transaction()
    with transaction.atomic(), transaction.atomic():
        assert http.in_transaction()
