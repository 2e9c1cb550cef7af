"""Message days, what is usual, silence, and the shares that providers watch; and the figures for Prometheus."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from analytics.message_health import Share, health, is_silent
from analytics.models import MessageDay
from events import log
from merchants import commands
from merchants.ids import uuid7
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.facts import MessageDelivered, MessageFact, MessageSent, MessageSkipped

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)  # noon in Berlin
TODAY = date(2026, 11, 20)


def days(merchant: Merchant, touchpoint: str, numbers: dict[int, int], result: str = "sent") -> None:
    """So many messages so many days ago."""
    with merchant_scope(merchant):
        MessageDay.objects.bulk_create(
            MessageDay(
                merchant=merchant, day=TODAY - timedelta(days=ago), touchpoint=touchpoint, channel="email",
                result=result, number=number,
            )
            for ago, number in numbers.items()
        )  # fmt: skip


def test_facts_are_counted_by_day_kind_channel_and_result_and_a_rebuild_ends_equal(
    merchant: Merchant, drain_all: Callable[[], int]
) -> None:
    kinds: list[type[MessageFact]] = [MessageSent, MessageSent, MessageDelivered, MessageSkipped]
    with merchant_scope(merchant), transaction.atomic():
        for kind in kinds:
            log.record(kind(message_id=uuid7(), touchpoint="shipment_shipped", channel="email"))
    drain_all()

    def counted() -> set[Any]:
        with merchant_scope(merchant):
            return set(MessageDay.objects.values_list("touchpoint", "channel", "result", "number"))

    expected = {
        ("shipment_shipped", "email", "sent", 2), ("shipment_shipped", "email", "delivered", 1),
        ("shipment_shipped", "email", "skipped", 1),
    }  # fmt: skip
    assert counted() == expected
    call_command("rebuild", "analytics.messages", verbosity=0)
    drain_all()
    assert counted() == expected


def test_what_usually_goes_out_and_does_not_is_silent(merchant: Merchant) -> None:
    every_day = dict.fromkeys(range(2, 30), 10)
    days(merchant, "order_confirmation", every_day)
    days(merchant, "shipment_shipped", {**every_day, 1: 9, 0: 5})
    days(merchant, "order_cancelled", dict.fromkeys(range(2, 30, 7), 2))
    with merchant_scope(merchant):
        found = health(NOW, "Europe/Berlin")
    assert [kind.touchpoint for kind in found.silent] == ["order_confirmation"]
    confirmation = next(kind for kind in found.kinds if kind.touchpoint == "order_confirmation")
    assert (confirmation.usual, confirmation.last_sent) == (10, TODAY - timedelta(days=2))
    assert confirmation.lately["sent"] == 50


@pytest.mark.parametrize(
    ("expected", "seen", "silent"),
    [(0, 0, False), (5, 0, False), (7, 0, True), (20, 5, True), (20, 12, False), (200, 150, True)],
)
def test_silence_is_what_happens_by_chance_once_in_a_thousand(
    expected: float, seen: int, silent: bool
) -> None:
    assert is_silent(expected, seen) is silent


@pytest.mark.parametrize(
    ("number", "of", "level"),
    [(9, 99, ""), (0, 100, "ok"), (4, 100, "ok"), (5, 100, "warn"), (10, 100, "bad")],
)
def test_a_share_is_judged_by_the_providers_limits(number: int, of: int, level: str) -> None:
    assert Share(number, of, (0.05, 0.10)).level == level


def test_the_page_shows_it_in_a_fixed_number_of_queries(
    merchant: Merchant, stranger: Merchant, django_assert_max_num_queries: Any
) -> None:
    today = datetime.now(UTC).date()
    with merchant_scope(merchant):
        MessageDay.objects.bulk_create(
            MessageDay(
                merchant=merchant, day=today - timedelta(days=ago), touchpoint=touchpoint, channel="email",
                result="sent", number=40,
            )
            for ago in range(2, 30)
            for touchpoint in ("order_confirmation", "shipment_shipped", "shipment_delivered")
        )  # fmt: skip
    client = Client()
    client.force_login(
        commands.add_member(merchant, email="a@nordwind.test", password="x" * 12, role="analyst").user
    )
    with django_assert_max_num_queries(7):
        page = client.get("/app/nordwind/messages/health/").content.decode()
    assert "none has since yesterday" in page
    assert "0.00 %" in page
    other = Client()
    other.force_login(commands.add_member(stranger, email="s@sudwind.test", password="x" * 12).user)
    assert "Nothing was sent in the last weeks" in other.get("/app/sudwind/messages/health/").content.decode()


def test_prometheus_reads_figures_with_the_token_and_nobody_without(
    merchant: Merchant, settings: Any
) -> None:
    days(merchant, "order_confirmation", {0: 3})
    with merchant_scope(merchant):
        MessageDay.objects.update(day=datetime.now(UTC).date())
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "sesame-open"
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    answer = Client().get("/metrics", headers={"Authorization": "Bearer sesame-open"})
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'afterward_messages_total{channel="email",result="sent"} 3\n' in text
    assert 'afterward_due_overdue_seconds{kind="messages"} 0\n' in text
    assert "nordwind" not in text
    for line in text.splitlines():
        assert line.startswith("# ") or line.rsplit(" ", 1)[1].replace(".", "").replace("e+", "").isdigit()
