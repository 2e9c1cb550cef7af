"""Deciding again at sending, and what is done with every answer that a provider can give."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from events import doorbell, due
from events.models import Fact
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications import commands, moves, sending
from notifications.campaigns import commands as campaigns
from notifications.models import Message
from notifications.reasons import Reason, sentence
from notifications.sending import GROUP, MOST_ATTEMPTS, send_due
from orders import commands as orders
from orders.models import Order, OrderLine
from tests import factories
from tests.notifications.test_campaigns import agree, people, written
from tests.smtp_sink import SmtpSink
from tracking import commands as tracking

Log = Callable[..., list[Message]]
Work = Callable[[], Any]


def in_minutes(count: int) -> Any:
    return timezone.now() + timedelta(minutes=count)


@pytest.fixture(autouse=True)
def fresh_turns() -> None:
    sending._served.clear()


def facts_of(merchant: Merchant, type_: str) -> list[dict[str, Any]]:
    with merchant_scope(merchant):
        return list(Fact.objects.filter(type=type_).values_list("data", flat=True))


class TestDecidingAgain:
    def test_a_cancelled_order_hears_of_the_cancellation_only(
        self, merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        order = factories.order(merchant)
        factories.shipment(merchant, order)
        drain_all()
        orders.cancel_order(merchant, order.id)
        send_all()
        drain_all()
        states = {message.touchpoint: (message.state, message.reason) for message in log_of()}
        assert states == {
            "order_confirmation": ("skipped", "order_cancelled"),
            "shipment_shipped": ("skipped", "order_cancelled"),
            "order_cancelled": ("sent", ""),
        }
        assert len(smtp_sink.mails) == 1
        assert [fact["reason"] for fact in facts_of(merchant, "message.skipped")] == ["order_cancelled"] * 2
        [sent] = facts_of(merchant, "message.sent")
        assert (sent["touchpoint"], sent["channel"], sent["provider"]) == ("order_cancelled", "email", "smtp")

    def test_a_parcel_that_has_arrived_makes_the_rest_of_its_journey_old_news(
        self, merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        parcel = factories.shipment(merchant, factories.order(merchant))
        factories.scan(merchant, parcel, "out_for_delivery", in_minutes(1))
        factories.scan(merchant, parcel, "attempt_failed", in_minutes(2))
        drain_all()
        factories.scan(merchant, parcel, "delivered", in_minutes(3))
        send_all()
        states = {message.touchpoint: (message.state, message.reason) for message in log_of()}
        assert states == {
            "order_confirmation": ("sent", ""),
            "shipment_shipped": ("skipped", "overtaken"),
            "shipment_out_for_delivery": ("skipped", "overtaken"),
            "shipment_exception": ("skipped", "overtaken"),
            "shipment_delivered": ("sent", ""),
        }
        assert len(smtp_sink.mails) == 2

    def test_a_delay_that_moved_on_is_told_with_its_newest_day_only(
        self, merchant: Merchant, send_all: Work, drain_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        order = factories.order(merchant)
        parcel = factories.shipment(merchant, order)
        send_all()
        for days in (20, 30):
            with merchant_scope(merchant):
                tracking.put_shipment(merchant, _later_window(order, parcel, days))
            drain_all()
        send_all()
        assert [message.reason for message in log_of(touchpoint="shipment_delayed")] == ["overtaken", ""]

    def test_a_parcel_that_was_taken_back_is_not_announced(
        self, merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        parcel = factories.shipment(merchant, factories.order(merchant))
        drain_all()
        tracking.cancel_shipment(merchant, parcel.id)
        send_all()
        [message] = log_of(touchpoint="shipment_shipped")
        assert (message.state, message.reason) == ("skipped", "shipment_cancelled")

    def test_an_address_that_is_gone_is_not_written_to(
        self, merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        order = factories.order(merchant)
        drain_all()
        with merchant_scope(merchant):
            Order.objects.filter(pk=order.pk).update(email="")
        send_all()
        [message] = log_of()
        assert (message.state, message.reason) == ("skipped", "no_address")
        assert smtp_sink.mails == []

    def test_an_address_that_was_corrected_is_the_one_written_to(
        self, merchant: Merchant, drain_all: Work, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        order = factories.order(merchant)
        drain_all()
        with merchant_scope(merchant):
            Order.objects.filter(pk=order.pk).update(email="right@example.test")
        send_all()
        [mail] = smtp_sink.mails
        assert mail.recipients == ["right@example.test"]
        assert [message.recipient for message in log_of()] == ["right@example.test"]


def _later_window(order: Order, parcel: Any, days: int) -> Any:
    from tracking.schemas import ShipmentIn, WindowIn

    day = timezone.now() + timedelta(days=days)
    return ShipmentIn(
        order_external_id=order.external_id,
        external_id=parcel.external_id,
        delivery=WindowIn(earliest=day, latest=day),
    )


class TestWhatIsKept:
    def test_a_sent_message_keeps_exactly_what_went_out(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        factories.order(merchant)
        send_all()
        [message], [mail] = log_of(), smtp_sink.mails
        assert message.state == "sent"
        assert message.sent_at is not None
        assert message.due_at is None
        assert (message.provider, message.provider_reference) == ("smtp", message.message_id)
        assert mail.subject == message.subject
        assert mail.text.splitlines() == message.text.splitlines()
        assert mail.html.splitlines() == message.html.splitlines()
        assert mail.message_id == message.message_id
        assert mail.header("Auto-Submitted") == "auto-generated"

    def test_every_reason_is_a_sentence(self) -> None:
        for reason in Reason:
            assert sentence(reason.value).endswith(".")
            assert len(reason.value) <= 40


class TestRetries:
    def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink, later: Any
    ) -> None:
        factories.order(merchant)
        smtp_sink.refuse(451, at="DATA", times=2)
        waits = []
        for _ in range(2):
            send_all()
            [message] = log_of()
            assert message.state == "planned"
            assert "451" in message.error
            waits.append(message.due_at - timezone.now())
            later(waits[-1])
        assert timedelta(seconds=11) < waits[0] < timedelta(seconds=19)
        assert timedelta(seconds=23) < waits[1] < timedelta(seconds=37)
        send_all()
        [message], [mail] = log_of(), smtp_sink.mails
        assert (message.state, message.error, message.attempts) == ("sent", "", 3)
        assert mail.message_id == message.message_id

    def test_a_provider_that_never_takes_it_ends_in_failure(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink, later: Any
    ) -> None:
        factories.order(merchant)
        drain_all()
        smtp_sink.refuse(421, at="MAIL")
        waited = timedelta()
        for _ in range(MOST_ATTEMPTS):
            assert send_due() == 1
            [message] = log_of()
            wait = (message.due_at or timezone.now()) - timezone.now()
            waited += wait
            later(wait)
        assert (message.state, message.reason, message.attempts) == (
            "failed",
            "provider_error",
            MOST_ATTEMPTS,
        )
        assert timedelta(hours=15) < waited < timedelta(hours=30)
        assert send_due() == 0
        drain_all()
        assert [fact["reason"] for fact in facts_of(merchant, "message.failed")] == ["provider_error"]

    @pytest.mark.parametrize(
        ("code", "at", "reason"),
        [(550, "RCPT", "recipient_refused"), (554, "DATA", "refused"), (553, "MAIL", "refused")],
    )
    def test_a_refusal_for_good_fails_at_once_and_costs_the_others_nothing(
        self,
        merchant: Merchant,
        drain_all: Work,
        log_of: Log,
        smtp_sink: SmtpSink,
        code: int,
        at: str,
        reason: str,
    ) -> None:
        for _ in range(3):
            factories.order(merchant)
        drain_all()
        smtp_sink.refuse(code, at=at, times=1)
        assert send_due() == 3
        # All were due at the same moment: whichever was handed over first is the one that is refused.
        assert sorted((message.state, message.reason) for message in log_of()) == [
            ("failed", reason), ("sent", ""), ("sent", "")
        ]  # fmt: skip

    def test_a_server_that_is_away_is_asked_once_a_batch(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink, monkeypatch: Any
    ) -> None:
        for _ in range(5):
            factories.order(merchant)
        drain_all()
        smtp_sink.stop()
        tries = []
        from django.core.mail.backends.smtp import EmailBackend

        real = EmailBackend.open
        monkeypatch.setattr(EmailBackend, "open", lambda self: (tries.append(1), real(self))[1])
        assert send_due() == 5
        assert len(tries) == 1
        assert {(message.state, message.reason) for message in log_of()} == {("planned", "")}
        assert all("refused" in message.error for message in log_of())

    def test_a_server_that_goes_silent_costs_one_message_its_time_and_not_the_batch(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink, settings: Any
    ) -> None:
        settings.EMAIL_TIMEOUT = 0.3
        for _ in range(3):
            factories.order(merchant)
        drain_all()
        smtp_sink.stall(1.0, at="RCPT", times=1)
        assert send_due() == 3
        # All were due at the same moment: whichever was handed over first is tried again.
        assert sorted((message.state, bool(message.error)) for message in log_of()) == [
            ("planned", True), ("sent", False), ("sent", False)
        ]  # fmt: skip
        assert len(smtp_sink.mails) == 2

    def test_a_conversation_that_is_cut_off_is_begun_again(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink, later: Any
    ) -> None:
        factories.order(merchant)
        drain_all()
        smtp_sink.hang_up(at="DATA", times=1)
        send_due()
        assert [message.state for message in log_of()] == ["planned"]
        later(timedelta(minutes=1))
        send_due()
        first, second = smtp_sink.mails
        assert first.message_id == second.message_id
        assert [message.state for message in log_of()] == ["sent"]

    def test_a_message_that_ends_its_worker_is_given_up(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        factories.order(merchant)
        drain_all()
        with merchant_scope(merchant):
            Message.objects.update(attempts=MOST_ATTEMPTS)
        send_due()
        assert [(message.state, message.reason) for message in log_of()] == [("failed", "internal_error")]
        assert smtp_sink.mails == []

    def test_a_person_can_have_a_failed_message_tried_again(
        self, merchant: Merchant, send_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        factories.order(merchant)
        smtp_sink.refuse(550, times=1)
        send_all()
        [message] = log_of(state="failed")
        commands.retry_message(merchant, message.id)
        send_all()
        assert [(message.state, message.reason) for message in log_of()] == [("sent", "")]
        assert [mail.message_id for mail in smtp_sink.mails] == [message.message_id]


class TestBatches:
    def test_a_batch_uses_one_connection(
        self, merchant: Merchant, drain_all: Work, smtp_sink: SmtpSink
    ) -> None:
        count = GROUP + 5  # two groups
        for _ in range(count):
            factories.order(merchant)
        drain_all()
        assert send_due() == count
        assert smtp_sink.connections == 1
        assert len(smtp_sink.mails) == count

    def test_a_full_batch_wakes_whoever_is_free(
        self, merchant: Merchant, drain_all: Work, smtp_sink: SmtpSink, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(sending, "BATCH", 2)
        for _ in range(3):
            factories.order(merchant)
        drain_all()
        queue, redis = str(current_app.conf.task_default_queue), doorbell._redis()
        for claimed, bells in ((2, 1), (1, 0)):
            redis.flushall()
            assert send_due() == claimed
            assert redis.llen(queue) == bells

    def test_the_queries_of_a_batch_do_not_grow_with_its_messages(
        self,
        merchant: Merchant,
        drain_all: Work,
        smtp_sink: SmtpSink,
        django_assert_max_num_queries: Any,
        monkeypatch: Any,
    ) -> None:
        monkeypatch.setattr(
            sending, "FRESH_SECONDS", 60.0
        )  # However slow the machine: nothing is loaded twice.
        counts = {}
        for count in (1, 2, 10):
            for _ in range(count):
                factories.shipment(merchant, factories.order(merchant))
            drain_all()
            sending._served.clear()
            with django_assert_max_num_queries(1000) as queries:
                assert send_due() == 2 * count
            counts[count] = len(queries)
        # Two transactions a group, of five and six statements here: sending, sent.
        assert counts[1] == counts[2] == counts[10] <= 16 + 11

    def test_a_merchant_with_many_messages_lets_the_others_go_between(
        self, merchant: Merchant, stranger: Merchant, drain_all: Work, smtp_sink: SmtpSink, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(sending, "BATCH", 4)
        for _ in range(14):
            factories.order(merchant)
        drain_all()
        only = factories.order(stranger)
        drain_all()
        send_due()
        send_due()
        assert len(smtp_sink.mails) == 5
        assert smtp_sink.mails[-1].recipients == [only.email]
        while send_due():
            pass
        assert len(smtp_sink.mails) == 15

    @pytest.mark.parametrize("limit", ["GROUP_SECONDS", "BATCH_SECONDS"])
    def test_what_a_slow_batch_did_not_hand_over_is_given_back_untried(
        self,
        merchant: Merchant,
        drain_all: Work,
        log_of: Log,
        smtp_sink: SmtpSink,
        monkeypatch: Any,
        limit: str,
    ) -> None:
        monkeypatch.setattr(sending, limit, 1.0)
        for _ in range(3):
            factories.order(merchant)
        drain_all()
        smtp_sink.stall(1.1, times=1)
        assert send_due() == 3
        # They were due at the same moment: whichever was first.
        assert sorted((message.state, message.attempts) for message in log_of()) == [
            ("planned", 0), ("planned", 0), ("sent", 1)
        ]  # fmt: skip
        monkeypatch.setattr(sending, limit, 60.0)
        assert send_due() == 2
        assert [message.state for message in log_of()] == ["sent"] * 3
        assert len({mail.message_id for mail in smtp_sink.mails}) == len(smtp_sink.mails) == 3

    def test_what_must_not_be_repeated_is_begun_alone(
        self, merchant: Merchant, drain_all: Work, smtp_sink: SmtpSink, monkeypatch: Any, later: Any
    ) -> None:
        begun: list[set[str]] = []
        begin = moves.begin

        def listen(merchant: Merchant, messages: list[Message]) -> list[Message]:
            begun.append({message.message_class for message in messages})
            sizes.append(len(messages))
            return begin(merchant, messages)

        sizes: list[int] = []
        monkeypatch.setattr(moves, "begin", listen)
        for _ in range(3):
            factories.order(merchant)
        drain_all()
        people(merchant, 2)
        for number in (1, 2):
            agree(merchant, f"p{number}@x.test")
        campaigns.schedule(merchant, written(merchant).pk)
        due.run("campaigns.plan", seconds=60)
        later(timedelta(minutes=1))  # A campaign goes out one after another.
        assert send_due() == 5
        assert len(smtp_sink.mails) == 5
        found = sorted(zip(sizes, map(sorted, begun), strict=True))
        assert found == [(1, ["marketing"]), (1, ["marketing"]), (3, ["transactional"])]

    def test_one_that_the_database_does_not_take_costs_the_others_of_its_group_nothing(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        bad, good, other = (factories.order(merchant) for _ in range(3))
        drain_all()
        with connection.cursor() as cursor:
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE notifications_message ADD CONSTRAINT no_such_sending CHECK"
                f" (state <> 'sending' OR order_id <> '{bad.pk}')"
            )
        send_due()
        assert {mail.recipients[0] for mail in smtp_sink.mails} == {good.email, other.email}
        [message] = log_of(order=bad)
        assert (message.state, message.attempts) == ("planned", 1)
        assert "no_such_sending" in message.error

    def test_a_worker_that_lost_its_claim_changes_and_sends_nothing(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        factories.order(merchant)
        drain_all()
        mine = sending._claim()
        with merchant_scope(merchant):
            Message.objects.update(attempts=2)  # Another worker has taken it over.
            channels = sending.Channels(moves.announce)
            sending._send_all(merchant, mine, channels, stop_at=float("inf"))
            channels.close()
        assert smtp_sink.mails == []
        assert [(message.state, message.attempts) for message in log_of()] == [("planned", 2)]

    def test_one_message_that_cannot_be_made_does_not_cost_the_others(
        self, merchant: Merchant, drain_all: Work, log_of: Log, smtp_sink: SmtpSink
    ) -> None:
        bad, good = factories.order(merchant), factories.order(merchant)
        with merchant_scope(merchant):
            OrderLine.objects.filter(order=bad).update(title="x" * 500)
            Order.objects.filter(pk=bad.pk).update(currency="€€€", number="{{" * 32)
        drain_all()
        send_due()
        assert good.email in [mail.recipients[0] for mail in smtp_sink.mails]
        assert {message.state for message in log_of(order=good)} == {"sent"}
