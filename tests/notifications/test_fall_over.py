"""Several mail providers: the next one is asked when one is away, and never after one may have taken the mail."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.mailers import mailers
from events import due
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.campaigns import commands
from notifications.channels import circuits
from notifications.models import Message
from notifications.sending import send_due
from tests import factories
from tests.notifications.test_campaigns import agree, people, written
from tests.smtp_sink import SmtpSink

Log = Callable[..., list[Message]]
Work = Callable[[], Any]
Later = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def no_memory_of_failures() -> Iterator[None]:
    circuits.forget()
    yield
    circuits.forget()


@pytest.fixture
def sinks(settings: Any) -> Iterator[tuple[SmtpSink, SmtpSink]]:
    """Two running mail servers, `first` and `second` by name."""
    first, second = SmtpSink(), SmtpSink()
    for sink in (first, second):
        sink.start()
    settings.MAIL_PROVIDERS = [
        f"first=smtp://127.0.0.1:{first.port}",
        f"second=smtp://127.0.0.1:{second.port}",
    ]
    settings.EMAIL_TIMEOUT = 2
    yield first, second
    for sink in (first, second):
        sink.stop()


def told(log_of: Log) -> list[tuple[str, str, str]]:
    return [(message.state, message.reason, message.provider) for message in log_of()]


def test_the_first_takes_all_while_it_works(
    merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink]
) -> None:
    factories.order(merchant)
    send_all()
    assert [len(sink.mails) for sink in sinks] == [1, 0]
    assert told(log_of) == [("sent", "", "first")]
    assert sinks[1].connections == 0


def test_one_that_is_down_is_passed_over_at_the_same_try(
    merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink]
) -> None:
    sinks[0].stop()
    factories.order(merchant)
    send_all()
    [message] = log_of()
    assert (message.state, message.provider, message.attempts) == ("sent", "second", 1)
    assert [mail.message_id for mail in sinks[1].mails] == [message.message_id]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_one_that_says_not_now_is_passed_over(
    merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink], at: str
) -> None:
    sinks[0].refuse(451, at=at)
    factories.order(merchant)
    send_all()
    assert [len(sink.mails) for sink in sinks] == [0, 1]
    assert told(log_of) == [("sent", "", "second")]


def test_a_refusal_for_good_is_an_answer_and_nobody_else_is_asked(
    merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink]
) -> None:
    sinks[0].refuse(550, at="RCPT")
    factories.order(merchant)
    send_all()
    assert told(log_of) == [("failed", "recipient_refused", "")]
    assert sinks[1].connections == 0


class TestOneThatDiesAfterItTookTheContent:
    def test_is_the_only_one_that_is_asked_again_with_the_same_id(
        self, merchant: Merchant, drain_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink], later: Later
    ) -> None:
        first, second = sinks
        first.hang_up(at="DATA", times=1)
        factories.order(merchant)
        drain_all()
        send_due()
        assert told(log_of) == [("planned", "", "first")]
        first.refuse(451, at="MAIL", times=1)  # Not even when it says "not now" at the repeat.
        later(timedelta(minutes=1))
        send_due()
        assert told(log_of) == [("planned", "", "first")]
        later(timedelta(minutes=5))
        send_due()
        assert told(log_of) == [("sent", "", "first")]
        assert len(first.mails) == 2
        assert len({mail.message_id for mail in first.mails}) == 1
        assert second.connections == 0

    def test_leaves_marketing_in_doubt_and_nobody_is_asked_again(
        self, merchant: Merchant, drain_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink], later: Later
    ) -> None:
        sinks[0].hang_up(at="DATA", times=1)
        people(merchant, 1)
        agree(merchant, "p1@x.test")
        commands.schedule(merchant, written(merchant).pk)
        due.run("campaigns.plan", seconds=60)
        send_due()
        assert told(log_of) == [("failed", "in_doubt", "first")]
        later(timedelta(days=1))
        send_due()
        assert [len(sink.mails) for sink in sinks] == [1, 0]

    def test_is_still_known_when_the_worker_dies_with_it(
        self, merchant: Merchant, drain_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink], later: Later
    ) -> None:
        factories.order(merchant)
        drain_all()
        with merchant_scope(merchant):  # As a worker leaves it that fell over to the second and was killed.
            Message.objects.update(
                state="sending", provider="second", subject="Hello", text="Hello", html="Hello"
            )
        send_due()
        assert told(log_of) == [("sent", "", "second")]
        assert [len(sink.mails) for sink in sinks] == [0, 1]


class TestCircuit:
    def test_opens_after_three_failures_and_the_next_batch_goes_straight_to_the_second(
        self, merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink]
    ) -> None:
        first, second = sinks
        first.refuse(451, at="DATA")
        for _ in range(4):
            factories.order(merchant)
        send_all()
        assert {message.provider for message in log_of()} == {"second"}
        asked = first.connections
        assert asked == circuits.FAILURES  # The fourth of the batch was not tried there.
        first.behave()
        factories.order(merchant)
        send_all()
        assert (first.connections, len(second.mails)) == (asked, 5)

    def test_closes_again_when_a_try_after_the_pause_works(
        self, merchant: Merchant, send_all: Work, sinks: tuple[SmtpSink, SmtpSink], monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(circuits, "FIRST_PAUSE", 0.0)
        for _ in range(circuits.FAILURES):
            circuits.failed("first")
        factories.order(merchant)
        send_all()
        assert [len(sink.mails) for sink in sinks] == [1, 0]
        assert not circuits.is_open("first")

    def test_one_recipient_whose_server_says_not_now_opens_nothing(
        self, merchant: Merchant, send_all: Work, sinks: tuple[SmtpSink, SmtpSink]
    ) -> None:
        sinks[0].refuse(450, at="RCPT", times=4)
        for _ in range(5):
            factories.order(merchant)
        send_all()
        assert [len(sink.mails) for sink in sinks] == [1, 4]

    def test_that_of_every_provider_stops_nobody_from_being_asked(
        self, merchant: Merchant, send_all: Work, log_of: Log, sinks: tuple[SmtpSink, SmtpSink]
    ) -> None:
        for name in ("first", "second"):
            for _ in range(circuits.FAILURES):
                circuits.failed(name)
        factories.order(merchant)
        send_all()
        assert told(log_of) == [("sent", "", "first")]


@pytest.mark.parametrize(
    "entries",
    [
        ["carrier-pigeon"],
        ["ses", "ses"],
        ["x=http://u:geheim@h"],
        ["x=smtp://"],
        ["x=smtp://u:geheim@h:port"],
        ["A b"],
    ],
)
def test_a_setting_that_cannot_be_read_says_so_without_the_password(
    entries: list[str], settings: Any
) -> None:
    settings.MAIL_PROVIDERS = entries
    with pytest.raises(ImproperlyConfigured, match="AFTERWARD_MAIL_PROVIDERS") as error:
        mailers()
    assert "geheim" not in str(error.value)


def test_servers_are_read_with_their_password_which_is_shown_nowhere(settings: Any) -> None:
    settings.MAIL_PROVIDERS = [
        "ses",
        "relay=smtp://me:a%40b@mail.example.test:587?tls=yes",
        "x=smtps://h.test",
    ]
    ses, relay, third = mailers()
    assert (ses.name, ses.backend) == ("ses", "anymail.backends.amazon_ses.EmailBackend")
    assert relay.options == {
        "host": "mail.example.test", "port": 587, "username": "me", "password": "a@b", "use_ssl": False,
        "use_tls": True,
    }  # fmt: skip
    assert (third.options["port"], third.options["use_ssl"]) == (465, True)
    assert "a@b" not in repr(relay)
