"""The database goes away while a provider has the message: what was sent must not be forgotten."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from merchants.models import Merchant
from notifications.models import Message
from notifications.sending import send_due
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TwilioSink
from tests.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)

Log = Callable[..., list[Message]]


@contextmanager
def session_ended_while_sending() -> Iterator[None]:
    """End this process' database session, as a restart of PostgreSQL does, once a message is being sent."""
    connection.ensure_connection()
    session = connection.connection.info.backend_pid
    ended = threading.Event()

    def end() -> None:
        until = time.monotonic() + 15
        with connection.cursor() as cursor:  # Its own: connections belong to threads.
            while not ended.is_set() and time.monotonic() < until:
                cursor.execute(
                    "SELECT pg_terminate_backend(%s) FROM notifications_message WHERE state = 'sending'",
                    [session],
                )
                if cursor.fetchone():
                    ended.set()
                time.sleep(0.01)
        connections.close_all()

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert ended.is_set(), "no message was being sent"


def test_a_mail_that_was_taken_while_the_database_went_away_is_noted_as_sent(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    drain_all()
    smtp_sink.stall(0.5, times=1)
    with session_ended_while_sending():
        assert send_due() == 1
    [message] = log_of()
    assert (message.state, message.error, message.due_at) == ("sent", "", None)
    assert len(smtp_sink.mails) == 1


def test_a_text_message_that_was_taken_while_the_database_went_away_is_not_sent_again(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, twilio_sink: TwilioSink
) -> None:
    factories.order(merchant, customer=CustomerIn(phone="+4915112345678", sms_consent=True))
    drain_all()
    twilio_sink.stall_seconds = 0.5
    with session_ended_while_sending():
        assert send_due() == 1
    [message] = log_of(channel="sms")
    assert (message.state, message.error, message.due_at) == ("sent", "", None)
    assert len(twilio_sink.messages) == 1
