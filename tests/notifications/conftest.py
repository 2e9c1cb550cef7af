"""What tests about messages share: a sender, a Twilio on loopback, a clock that can be moved."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.sending import send_due
from tests.notifications.twilio_sink import NUMBER, SID, TOKEN, TwilioSink


@pytest.fixture
def send_all(drain_all: Callable[[], int]) -> Callable[[], None]:
    """Do what the workers do: read the log to its end, then send until nothing is due."""

    def run() -> None:
        drain_all()
        while send_due():
            pass

    return run


@pytest.fixture
def log_of(merchant: Merchant) -> Callable[..., list[Message]]:
    """The merchant's messages in the order in which they were planned, narrowed by columns."""

    def read(**columns: Any) -> list[Message]:
        with merchant_scope(merchant):
            return list(Message.objects.filter(**columns).order_by("planned_at", "id"))

    return read


@pytest.fixture
def twilio_sink(settings: Any) -> Iterator[TwilioSink]:
    """A running stand-in of Twilio, with the settings pointing at it."""
    sink = TwilioSink()
    sink.start()
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = SID, TOKEN, NUMBER
    settings.TWILIO_API_URL = sink.url
    yield sink
    sink.stop()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Move the clock forward."""
    real, moved = timezone.now, timedelta()

    def move(by: timedelta) -> None:
        nonlocal moved
        moved += by

    monkeypatch.setattr(timezone, "now", lambda: real() + moved)
    return move
