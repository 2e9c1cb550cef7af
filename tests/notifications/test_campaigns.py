"""Campaigns: once to everybody in the segment, at their pace, held, ended, and reported."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events import due
from events.models import DueRow
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Conflict, Unprocessable
from merchants.scope import merchant_scope
from notifications.campaigns import commands, tasks
from notifications.campaigns.commands import CampaignIn
from notifications.campaigns.models import Campaign, CampaignState
from notifications.campaigns.queries import report
from notifications.consent.choices import Basis
from notifications.consent.commands import Said, give
from notifications.models import Message
from orders.segments import commands as segments
from orders.segments.rules import SegmentRule
from tests import factories
from tests.api_client import ApiClient
from tests.smtp_sink import SmtpSink

Work = Callable[[], Any]
WORDS = {"en": {"subject": "Autumn is here, {{ customer.first_name }}", "lead": "Warm things are in."}}


def people(merchant: Merchant, count: int) -> None:
    """So many customers, without orders."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_customer (id, merchant_id, external_id, email, first_name, last_name, phone, locale,"
            " created_at, updated_at) SELECT gen_random_uuid(), %s, '', 'p' || g || '@x.test', 'Anna', '', '', 'en',"
            " now(), now() FROM generate_series(1, %s) AS g",
            [merchant.id, count],
        )


def written(merchant: Merchant, **fields: Any) -> Campaign:
    values: dict[str, Any] = {"name": "Autumn", "segment": "no_order", "words": WORDS, **fields}
    return commands.save_campaign(merchant, CampaignIn(**values))


def now(row: Campaign) -> Campaign:
    with merchant_scope(row.merchant):
        return Campaign.objects.get(pk=row.pk)


def messages(merchant: Merchant, **columns: Any) -> list[Message]:
    with merchant_scope(merchant):
        return list(Message.objects.filter(touchpoint="campaign", **columns).order_by("due_at", "id"))


def run() -> None:
    due.run("campaigns.plan", seconds=60)


class TestPlanning:
    def test_everybody_in_the_segment_is_planned_once_at_the_pace(
        self, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "BATCH", 4)
        people(merchant, 10)
        row = written(merchant, per_minute=2)
        assert messages(merchant) == []
        commands.schedule(merchant, row.pk)
        run()
        found, row = messages(merchant), now(row)
        assert (row.state, row.audience, row.planned) == ("sending", 10, 10)
        assert len({message.customer_id for message in found}) == len(found) == 10
        assert row.begun_at is not None
        waits = [
            round((message.due_at - row.begun_at).total_seconds()) for message in found if message.due_at
        ]
        assert waits[1:] == [30 * place for place in range(1, 10)]
        assert {message.message_class for message in found} == {"marketing"}

    def test_a_worker_that_dies_in_a_batch_leaves_nobody_out_and_nobody_twice(
        self, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, later: Any
    ) -> None:
        monkeypatch.setattr(tasks, "BATCH", 3)
        people(merchant, 8)
        row = written(merchant)
        commands.schedule(merchant, row.pk)
        real, calls = tasks.planning.store, []

        def dies(rows: Any) -> None:
            real(rows)
            calls.append(1)
            if len(calls) in (1, 3):
                raise KeyboardInterrupt

        monkeypatch.setattr(tasks.planning, "store", dies)
        for _ in range(3):
            try:
                run()
            except KeyboardInterrupt:
                later(timedelta(minutes=1))  # the lease of the dead worker runs out
        assert len(calls) == 5
        assert len(messages(merchant)) == len({m.customer_id for m in messages(merchant)}) == 8

    def test_a_batch_is_a_fixed_number_of_queries(
        self, merchant: Merchant, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        people(merchant, 40)
        row = written(merchant)
        commands.schedule(merchant, row.pk)
        tasks.step()
        with django_assert_max_num_queries(11):
            tasks.step()
        assert len(messages(merchant)) == 40

    def test_who_changes_the_segment_meanwhile_changes_nothing(self, merchant: Merchant) -> None:
        people(merchant, 3)
        everybody = segments.save_segment(merchant, "All", SegmentRule())
        ref = public_id("seg", everybody.pk)
        row = written(merchant, segment=ref)
        with pytest.raises(Conflict):
            segments.delete_segment(merchant, everybody.pk)
        commands.schedule(merchant, row.pk)
        tasks.step()
        from orders.segments.rules import NOBODY

        segments.save_segment(merchant, "All", NOBODY, segment_id=everybody.pk)
        segments.delete_segment(merchant, everybody.pk)
        run()
        assert len(messages(merchant)) == 3

    def test_it_waits_for_its_time(self, merchant: Merchant, later: Any) -> None:
        people(merchant, 1)
        row = written(merchant, starts_at=timezone.now() + timedelta(days=2))
        commands.schedule(merchant, row.pk)
        run()
        assert messages(merchant) == []
        later(timedelta(days=2, minutes=1))
        run()
        assert len(messages(merchant)) == 1


class TestStopping:
    @pytest.fixture
    def going(self, merchant: Merchant) -> Campaign:
        people(merchant, 6)
        row = written(merchant, per_minute=1)
        commands.schedule(merchant, row.pk)
        run()
        return now(row)

    def test_held_nothing_is_due_and_then_it_goes_on_at_its_pace(
        self, merchant: Merchant, going: Campaign
    ) -> None:
        commands.pause(merchant, going.pk)
        assert [message.due_at for message in messages(merchant)] == [None] * 6
        commands.resume(merchant, going.pk)
        dues = [message.due_at for message in messages(merchant)]
        assert now(going).state == CampaignState.SENDING
        gaps = {round((b - a).total_seconds()) for a, b in pairwise(dues) if a and b}
        assert gaps == {60}

    def test_held_while_it_is_planned_it_plans_on_later(
        self, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "BATCH", 2)
        people(merchant, 6)
        row = written(merchant)
        commands.schedule(merchant, row.pk)
        tasks.step()
        tasks.step()
        commands.pause(merchant, row.pk)
        run()
        assert len(messages(merchant)) == 2
        commands.resume(merchant, row.pk)
        run()
        assert len(messages(merchant)) == 6

    def test_ended_the_rest_never_goes(self, merchant: Merchant, going: Campaign) -> None:
        commands.cancel(merchant, going.pk)
        commands.cancel(merchant, going.pk)
        assert {(m.state, m.reason) for m in messages(merchant)} == {("skipped", "campaign_cancelled")}
        with pytest.raises(Conflict):
            commands.resume(merchant, going.pk)
        with merchant_scope(merchant):
            assert report(merchant, going).skipped == {"campaign_cancelled": 6}

    @pytest.mark.parametrize("move", [commands.schedule, commands.resume])
    def test_what_makes_no_sense_is_refused(self, merchant: Merchant, going: Campaign, move: Any) -> None:
        with pytest.raises(Conflict):
            move(merchant, going.pk)
        with pytest.raises(Conflict):
            commands.save_campaign(merchant, CampaignIn("Other", "new"), campaign_id=going.pk)
        assert now(going).name == "Autumn"


class TestWriting:
    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"name": " "}, "name"),
            ({"segment": "seg_00000000000000000000000000"}, "segment"),
            ({"url": "javascript:alert(1)"}, "url"),
            ({"per_minute": 0}, "per_minute"),
            ({"words": {"en": {"subject": "{% if %}"}}}, "words.en.subject"),
            ({"words": {"fr": {"subject": "Bonjour"}}}, "words"),
        ],
    )
    def test_what_could_not_be_sent_is_refused(self, merchant: Merchant, fields: Any, param: str) -> None:
        with pytest.raises(Unprocessable) as refused:
            written(merchant, **fields)
        assert refused.value.param == param
        with merchant_scope(merchant):
            assert not Campaign.objects.exists()


def test_it_arrives_with_its_own_words_and_the_report_counts_what_came_of_it(
    merchant: Merchant, send_all: Work, smtp_sink: SmtpSink, drain_all: Work, settings: Any
) -> None:
    settings.HOLDOUT_PERCENT = 0
    order = factories.order(merchant, email="anna@x.test", locale="de")
    bare = factories.order(merchant, email="nobody@x.test")
    drain_all()
    with merchant_scope(merchant):
        Message.objects.all().delete()
    agree(merchant, "anna@x.test")
    row = written(merchant, segment="new", url="https://shop.test/autumn")
    commands.schedule(merchant, row.pk)
    run()
    send_all()
    [mail] = [mail for mail in smtp_sink.mails if mail.recipients == ["anna@x.test"]]
    assert mail.subject == "Autumn is here, Anna"  # written in English only: so it is English
    assert "Warm things are in." in mail.text
    assert "https://shop.test/autumn" in mail.text
    factories.order(merchant, email="anna@x.test")
    with merchant_scope(merchant):
        found = report(merchant, now(row))
    assert (found.planned, found.sent, found.waiting, found.orders) == (2, 1, 0, 1)
    assert sum(found.skipped.values()) == 1  # who did not agree: not written to
    assert order.customer_id != bare.customer_id


def agree(merchant: Merchant, address: str) -> None:
    """Somebody confirmed that they want news."""
    said = Said(source="checkout", wording="Yes, news.", wording_version="1", country="DE")
    give(merchant, "email", address, "", said, basis=Basis.DOUBLE_OPT_IN)


def test_by_rest_from_written_to_ended(api: ApiClient, merchant: Merchant) -> None:
    people(merchant, 2)
    made = api.post("campaigns", {"name": "Autumn", "segment": "no_order", "words": WORDS})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    path = f"campaigns/{made.json()['id']}"
    assert api.patch(path, {"name": "Winter", "segment": "no_order"}).json()["name"] == "Winter"
    assert api.post(f"{path}/schedule").json()["state"] == "scheduled"
    assert api.post(f"{path}/schedule").status_code == 409
    run()
    assert api.get(path).json()["report"]["planned"] == 2
    assert api.post(f"{path}/pause").json()["state"] == "paused"
    assert api.post(f"{path}/resume").json()["state"] == "sending"
    assert api.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert api.get("campaigns").json()["data"][0]["name"] == "Winter"
    assert issubclass(Campaign, DueRow)
