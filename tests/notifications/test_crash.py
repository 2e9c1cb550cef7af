"""Killed at the worst moment: after the provider took the message, before we wrote that down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from notifications.models import Message
from notifications.sending import send_due
from orders.commands import cancel_order
from orders.schemas import CustomerIn
from tests import factories
from tests.notifications.twilio_sink import TwilioSink
from tests.processes import run_python
from tests.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)

Log = Callable[..., list[Message]]

_DIE = """
import os, smtplib
from merchants import http
real_data, real_request = smtplib.SMTP.data, http.request

def data(*arguments):
    if {before}: os._exit(9)
    real_data(*arguments)
    os._exit(9)

def request(*arguments, **named):
    real_request(*arguments, **named)
    os._exit(9)

smtplib.SMTP.data, http.request = data, request
from notifications.sending import send_due
send_due()
"""
_DIE_UNNOTED = """
import os
from notifications import moves
moves.note_sent = lambda *_: os._exit(9)
from notifications.sending import send_due
send_due()
"""
_SEND = """
from notifications.sending import send_due
while send_due(): pass
"""


def die_while_sending(*, before: bool = False) -> None:
    died = run_python(_DIE.format(before=before))
    assert died.returncode == 9, died.stderr


def run_lease_out() -> None:
    """What 45 seconds do."""
    with platform_scope("a test lets leases run out"):
        waiting = Message.objects.filter(due_at__isnull=False)
        assert all(m.due_at - timezone.now() <= timedelta(seconds=45) for m in waiting)
        waiting.update(due_at=timezone.now())


def in_a_fresh_process() -> None:
    done = run_python(_SEND)
    assert done.returncode == 0, done.stderr


def test_a_mail_that_was_taken_before_the_kill_is_sent_again_under_the_same_id(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    factories.order(merchant)
    drain_all()
    die_while_sending()
    # Both were begun together; one of them had gone out.
    assert [message.state for message in log_of()] == ["sending", "sending"]
    [taken] = smtp_sink.mails
    assert send_due() == 0  # the lease holds

    run_lease_out()
    in_a_fresh_process()
    assert [message.state for message in log_of()] == ["sent", "sent"]
    ids = [mail.message_id for mail in smtp_sink.mails]
    assert len(ids) == 3
    assert len(set(ids)) == 2
    [first, again] = [mail for mail in smtp_sink.mails if mail.message_id == taken.message_id]
    assert first.text == again.text
    assert first.html == again.html


def test_what_a_dead_worker_had_sent_but_not_noted_is_not_sent_again(
    merchant: Merchant,
    drain_all: Callable[[], int],
    log_of: Log,
    smtp_sink: SmtpSink,
    twilio_sink: TwilioSink,
) -> None:
    for _ in range(3):
        customer = CustomerIn(email="anna@example.test", phone="+4915112345678", sms_consent=True)
        factories.order(merchant, customer=customer)
    drain_all()
    died = run_python(_DIE_UNNOTED)
    assert died.returncode == 9, died.stderr
    taken = len(smtp_sink.mails) + len(twilio_sink.messages)
    assert len(log_of(state="sending")) == taken > 0
    run_lease_out()
    in_a_fresh_process()
    assert {(message.state, message.reason) for message in log_of()} == {("sent", "")}
    assert len({mail.message_id for mail in smtp_sink.mails}) == len(smtp_sink.mails) == 3
    assert len(twilio_sink.messages) == 3


def test_a_mail_that_had_not_left_before_the_kill_arrives_once(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, smtp_sink: SmtpSink
) -> None:
    factories.order(merchant)
    drain_all()
    die_while_sending(before=True)
    run_lease_out()
    in_a_fresh_process()
    assert len(smtp_sink.mails) == 1
    assert [message.state for message in log_of()] == ["sent"]


def test_a_mail_in_doubt_is_not_repeated_once_it_is_not_true_any_more(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, smtp_sink: SmtpSink
) -> None:
    order = factories.order(merchant)
    drain_all()
    die_while_sending()
    cancel_order(merchant, order.id, notify=False)
    run_lease_out()
    in_a_fresh_process()
    assert [(message.state, message.reason) for message in log_of()] == [("failed", "in_doubt")]
    assert len(smtp_sink.mails) == 1


def test_a_text_message_in_doubt_is_held(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, twilio_sink: TwilioSink
) -> None:
    factories.order(merchant, customer=CustomerIn(phone="+4915112345678", sms_consent=True))
    drain_all()
    die_while_sending()
    assert len(log_of(state="sending", channel="sms")) == 1
    run_lease_out()
    in_a_fresh_process()
    [message] = log_of(channel="sms")
    assert (message.state, message.reason, message.due_at) == ("failed", "in_doubt", None)
    assert len(twilio_sink.messages) == 1


def test_a_message_for_in_30_days_survives_an_emptied_redis_and_goes_out_once(
    merchant: Merchant, drain_all: Callable[[], int], log_of: Log, smtp_sink: SmtpSink, later: Any
) -> None:
    from events import doorbell

    factories.order(merchant)
    drain_all()
    with merchant_scope(merchant):
        Message.objects.update(due_at=timezone.now() + timedelta(days=30))
    assert send_due() == 0
    doorbell._redis().flushall()
    later(timedelta(days=29, hours=23))
    assert send_due() == 0
    later(timedelta(hours=2))
    assert send_due() == 1
    assert send_due() == 0
    assert len(smtp_sink.mails) == 1
    assert [message.state for message in log_of()] == ["sent"]


def test_a_death_between_the_commit_of_an_order_and_the_bell_loses_nothing(
    merchant: Merchant, log_of: Log, smtp_sink: SmtpSink
) -> None:
    script = f"""
import os
from events import doorbell
doorbell.ring = lambda *_: os._exit(9)
from merchants.models import Merchant
from tests import factories
factories.order(Merchant.objects.get(slug={merchant.slug!r}), email="anna@example.test")
"""
    died = run_python(script)
    assert died.returncode == 9, died.stderr
    # A worker's next ticks: whatever bells they ring are answered.
    ticked = run_python("""
from events import doorbell
import notifications.tasks
from events.tasks import answer, tick
rung = []
doorbell.ring = lambda *bell: rung.append(bell) or True
for _ in range(2):
    tick()
    while rung: answer(*rung.pop(0))
""")
    assert ticked.returncode == 0, ticked.stderr
    assert [mail.recipients for mail in smtp_sink.mails] == [["anna@example.test"]]
    assert [message.state for message in log_of()] == ["sent"]
