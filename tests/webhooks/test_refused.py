"""Where webhooks do not go (R17): refused when an endpoint is made and when connecting, whatever DNS says."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from tests.merchants.test_http import HOSTS, SHAPES
from tests.webhooks.conftest import attempts, deliveries, endpoint_at, send_all, tell
from tests.webhooks.receiver import Receiver
from webhooks import checks
from webhooks.models import DeliveryState

Drain = Callable[[], int]

# Spellings that the system reads as an address; "①②⑦.⓪.⓪.①" is a name to it, and looked up when connecting.
ADDRESSES = [host for host in HOSTS if host.isascii() or host == "localhost"]
NAMES = ["localhost", "a.localhost", "printer.local", "db.internal", "router.home.arpa", "LOCALHOST."]
OTHER = [
    "http://shop.example/hook",
    "https://shop.example:22/",
    "https://shop.example:8443/",
    "https://shop.example:6379/",
    "https://user:secret@shop.example/",
    "https://shop.example/" + "a" * 2000,
    "ws://shop.example/",
    *SHAPES,
]
CORPUS = [
    *(f"https://{host}/" for host in (*ADDRESSES, *NAMES)),
    *(f"https://{host}:8080/hook?x=1" for host in ADDRESSES[:12]),
    *OTHER,
]


def test_the_corpus_is_large_enough() -> None:
    assert len(set(CORPUS)) >= 100


@pytest.mark.parametrize("nasty", CORPUS)
def test_an_inner_address_cannot_become_an_endpoint(nasty: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        checks.check_url(nasty.replace("{port}", "443"))
    assert (refused.value.param, refused.value.code) == ("url", "invalid_url")


@pytest.mark.parametrize(
    "fine",
    [
        "https://shop.example/hook?a=b",
        "https://shop.example:8080/",
        "https://8.8.8.8/",
        "https://[2606:4700::1]/",
    ],
)
def test_a_public_address_can(fine: str) -> None:
    assert checks.check_url(f"  {fine} ") == fine


class NameServer:
    """Answers each question with the next of its answers, and the system's sockets with a note of where they went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
        self.answers = answers
        self.asked = 0
        self.opened: list[str] = []
        self._real_ask, self._real_open = socket.getaddrinfo, socket.create_connection
        monkeypatch.setattr("merchants.addresses.socket.getaddrinfo", self._ask)
        monkeypatch.setattr("merchants.transport.socket.create_connection", self._open)

    def _ask(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "hook.example" or kwargs.get("flags"):
            return self._real_ask(host, port, *args, **kwargs)
        address = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return self._real_ask(address, port, type=socket.SOCK_STREAM)

    def _open(self, address: tuple[str, int], *args: Any) -> Any:
        if address[0].startswith("127."):
            return self._real_open(address, *args)
        self.opened.append(address[0])
        raise ConnectionRefusedError


@pytest.mark.parametrize("inner", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_name_that_leads_inside_is_refused_when_connecting(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    monkeypatch.setattr(checks, "_PORTS", frozenset({443, receiver.port}))
    names = NameServer(monkeypatch, [inner])
    endpoint_at(merchant, f"https://hook.example:{receiver.port}/")
    tell(merchant, drain_all)
    send_all()
    assert (names.asked, names.opened, receiver.seen) == (1, [], [])
    (delivery,) = deliveries(merchant)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "refused")
    assert "not a public address" in attempts(merchant)[0].error


def test_a_name_server_that_changes_its_mind_wins_nothing(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(checks, "_PORTS", frozenset({443, receiver.port}))
    names = NameServer(monkeypatch, ["93.184.215.14", "127.0.0.1"])
    endpoint_at(merchant, f"https://hook.example:{receiver.port}/")
    tell(merchant, drain_all)
    send_all()
    assert names.opened == ["93.184.215.14"]  # one question, and the socket went to its answer
    clock.forward(seconds=40)
    send_all()
    assert names.opened == ["93.184.215.14"]  # asked and checked anew
    assert receiver.seen == []
    assert [attempt.error[:12] for attempt in attempts(merchant)][1] == "hook.example"
    assert deliveries(merchant)[0].reason == "refused"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "x"},
        {"webhook-id": "x"},
        {"Content-Length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"Cookie": "a=b"},
        {"X Token": "x"},
        {"": "x"},
        {"X-Token": "a\r\nHost: b"},
        {"X-Token": "ä"},
        {"X-Token": "x" * 1001},
        {"X-A": "1", "x-a": "2"},
        {f"X-{n}": "1" for n in range(6)},
    ],
)
def test_a_header_that_is_not_theirs_to_say_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unprocessable) as refused:
        checks.check_headers(headers)
    assert refused.value.code == "invalid_header"


def test_an_address_that_was_allowed_and_is_not_any_more_is_refused_at_the_next_try(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, settings: Any
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    settings.OUTBOUND_ALLOW = []
    send_all()
    assert receiver.seen == []
    assert deliveries(merchant)[0].reason == "refused"
