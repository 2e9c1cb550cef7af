"""What happens when it does not arrive: tries, patience, giving up, disabling, and nobody else waiting for it."""

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from events.models import Fact
from merchants.http import Timeout
from merchants.models import Merchant
from merchants.scope import merchant_scope
from tests.webhooks.conftest import Clock, attempts, deliveries, endpoint_at, reread, send_all, tell
from tests.webhooks.receiver import Receiver, status
from webhooks import calls, commands, picking, schedule, sending
from webhooks.models import Delivery, DeliveryState, EndpointState

Drain = Callable[[], int]


def test_it_is_tried_fourteen_times_over_three_days_and_then_given_up(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock
) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answer = status(500, b"ouch")
    tell(merchant, drain_all)
    waits = []
    while True:
        send_all()
        (delivery,) = deliveries(merchant)
        if delivery.due_at is None:
            break
        waits.append((delivery.due_at - clock.now).total_seconds())
        clock.now = delivery.due_at - timedelta(seconds=1)
        send_all()  # A second too early nothing is sent.
        assert len(receiver.seen) == len(waits)
        clock.forward(seconds=1)
    assert len(receiver.seen) == len(attempts(merchant)) == schedule.MOST_TRIES == 14
    plain = [30 * 2**n for n in range(13)]
    assert sum(plain) == 245_730
    assert all(0.9 * p <= wait <= 1.1 * p for p, wait in zip(plain, waits, strict=True))
    assert len({round(wait / p, 6) for p, wait in zip(plain, waits, strict=True)}) > 5  # jitter
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "http_500")
    assert len({request.headers["webhook-id"] for request in receiver.seen}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.seen}) == 14


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_faults_that_may_pass_are_tried_again(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock, code: int
) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answers = [status(code)]
    tell(merchant, drain_all)
    send_all()
    clock.forward(seconds=40)
    send_all()
    assert deliveries(merchant)[0].state == DeliveryState.DELIVERED
    assert [attempt.status for attempt in attempts(merchant)] == [code, 200]


@pytest.mark.parametrize("code", [301, 302, 307, 400, 401, 404, 409, 413, 422])
def test_what_will_not_pass_is_kept_and_shown_and_not_tried_again(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, code: int
) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answer = status(code, b"this is why", Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    tell(merchant, drain_all)
    send_all()
    (delivery,) = deliveries(merchant)
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.FAILED, f"http_{code}", None)
    assert attempts(merchant)[0].answer == "this is why"
    assert len(receiver.seen) == 1  # no redirect was followed


@pytest.mark.parametrize("wish", ["seconds", "date"])
def test_retry_after_is_honoured_for_everything_of_the_endpoint(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock, wish: str
) -> None:
    clock.now = clock.now.replace(microsecond=0)
    endpoint_at(merchant, receiver.url)
    until = clock.now + timedelta(seconds=600)
    text = "600" if wish == "seconds" else format_datetime(until, usegmt=True)
    receiver.answers = [status(429, Retry_After=text)]
    tell(merchant, drain_all)
    send_all()
    tell(merchant, drain_all)
    clock.forward(seconds=599)
    send_all()
    assert len(receiver.seen) == 1
    clock.forward(seconds=2)
    send_all()
    assert len(receiver.seen) == 3


@pytest.mark.parametrize("text", ["", "soon", "-5", "999999999999", "Wed, 99 Foo 2026", "１２"])
def test_a_retry_after_that_is_none_or_for_ever_is_not_believed(text: str) -> None:
    answer = schedule.Answer(status=503, retry_after=text)
    assert schedule.wished_pause(answer, timezone.now()) <= schedule.LONGEST_RETRY_AFTER


def test_nobody_there_is_tried_again(
    merchant: Merchant, settings: Any, drain_all: Drain, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.OUTBOUND_ALLOW = [f"127.0.0.1:{port}"]
    endpoint_at(merchant, f"http://127.0.0.1:{port}/")
    tell(merchant, drain_all)
    send_all()
    (delivery,) = deliveries(merchant)
    assert (delivery.state, delivery.reason) == (DeliveryState.PENDING, "no_connection")
    (attempt,) = attempts(merchant)
    assert attempt.status is None
    assert "refused" in attempt.error


def test_410_disables_the_endpoint_at_once(merchant: Merchant, receiver: Receiver, drain_all: Drain) -> None:
    endpoint, _ = endpoint_at(merchant, receiver.url)
    receiver.answer = status(410)
    tell(merchant, drain_all)
    send_all()
    found = reread(endpoint)
    assert (found.state, found.disabled_reason) == (EndpointState.DISABLED, "gone")
    tell(merchant, drain_all)
    send_all()
    assert len(receiver.seen) == 1
    with merchant_scope(merchant):
        (fact,) = Fact.objects.filter(type="webhook_endpoint.disabled")
    assert fact.data["reason"] == "gone"


def test_three_days_of_failures_disable_the_endpoint_and_one_success_between_does_not(
    merchant: Merchant, receiver: Receiver, other_receiver: Receiver, drain_all: Drain, clock: Clock
) -> None:
    failing, _ = endpoint_at(merchant, receiver.url)
    flaky, _ = endpoint_at(merchant, other_receiver.url)
    receiver.answer = status(500)
    for hours in range(0, 74, 8):
        other_receiver.answer = status(200 if hours == 40 else 400)
        tell(merchant, drain_all)
        send_all()
        clock.forward(hours=8)
    found = reread(failing)
    assert (found.state, found.disabled_reason) == (EndpointState.DISABLED, "failing")
    assert reread(flaky).state == EndpointState.ACTIVE
    with merchant_scope(merchant):
        waiting = Delivery.objects.filter(endpoint=failing, due_at__isnull=False)
        assert waiting.count() == 0


def test_a_paused_endpoint_gets_what_waited_when_it_is_resumed(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint, _ = endpoint_at(merchant, receiver.url)
    commands.pause(merchant, endpoint.id)
    tell(merchant, drain_all)
    send_all()
    assert receiver.seen == []
    commands.resume(merchant, endpoint.id)
    send_all()
    assert receiver.types == ["order.placed"]


def test_an_endpoint_that_is_down_for_a_day_loses_nothing_and_slows_nobody(
    merchant: Merchant, stranger: Merchant, receiver: Receiver, other_receiver: Receiver,
    drain_all: Drain, clock: Clock,
) -> None:  # fmt: skip
    down, _ = endpoint_at(merchant, receiver.url)
    endpoint_at(stranger, other_receiver.url)
    receiver.answer = status(503)
    for told in range(1, 9):
        tell(merchant, drain_all)
        tell(stranger, drain_all)
        send_all()
        assert len(other_receiver.seen) == told
        clock.forward(hours=3)
    receiver.answer = status(200)
    before = len(receiver.seen)
    tell(merchant, drain_all)
    send_all()
    # The first success sends on what waited; all of it is there without anybody's doing.
    assert {delivery.state for delivery in deliveries(merchant)} == {DeliveryState.DELIVERED}
    assert len({r.headers["webhook-id"] for r in receiver.seen[before:]}) == 9
    assert reread(down).failing_since is None


def never(handler: Any, _: Any) -> None:
    time.sleep(3.5)


def endless(handler: Any, _: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x" * 1_000_000)


def test_an_answer_of_a_gigabyte_is_cut_off(merchant: Merchant, receiver: Receiver, drain_all: Drain) -> None:
    endpoint_at(merchant, receiver.url)
    receiver.answer = endless
    tell(merchant, drain_all)
    started = time.monotonic()
    send_all()
    assert time.monotonic() - started < 3
    (attempt,) = attempts(merchant)
    assert attempt.status == 200
    assert len(attempt.answer) <= 2048
    assert deliveries(merchant)[0].state == DeliveryState.DELIVERED


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_never_answers_times_out_and_delays_nobody(
    merchant: Merchant, receiver: Receiver, other_receiver: Receiver, drain_all: Drain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(calls, "TIMEOUT", Timeout(connect=2, read=2, total=2))
    silent, _ = endpoint_at(merchant, receiver.url)
    endpoint_at(merchant, other_receiver.url)
    receiver.answer = never
    for _ in range(5):
        tell(merchant, drain_all)
    started = time.monotonic()
    sending.send_due()  # The bell's thread leaves while the silent one's calls are still under way.
    assert time.monotonic() - started < 2
    assert [a for a in attempts(merchant) if a.status is None] == []
    assert len(other_receiver.seen) == 5
    # Those are written down by their own threads when they time out.
    give_up = time.monotonic() + 15
    while len([a for a in attempts(merchant) if a.status is None]) < 5 and time.monotonic() < give_up:
        time.sleep(0.05)
    with merchant_scope(merchant):
        rows = list(Delivery.objects.filter(endpoint=silent))
    assert [(row.state, row.reason) for row in rows] == [(DeliveryState.PENDING, "timeout")] * 5
    assert reread(silent).failing_since is not None


def test_a_worker_that_dies_with_a_call_under_way_loses_nothing(
    merchant: Merchant, receiver: Receiver, drain_all: Drain, clock: Clock
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    assert len(picking.claim(10, {})) == 1  # … and the worker is gone.
    send_all()
    assert receiver.seen == []
    clock.now += picking.LEASE + timedelta(seconds=1)
    send_all()
    assert len(receiver.seen) == 1
    assert deliveries(merchant)[0].state == DeliveryState.DELIVERED


def test_a_delivery_that_ends_every_worker_is_given_up(
    merchant: Merchant, receiver: Receiver, drain_all: Drain
) -> None:
    endpoint_at(merchant, receiver.url)
    tell(merchant, drain_all)
    with merchant_scope(merchant):
        Delivery.objects.update(attempts=30)
    send_all()
    assert receiver.seen == []
    assert deliveries(merchant)[0].state == DeliveryState.FAILED
