"""A touchpoint over the days that were: the same planner, nothing written, each message with its reason."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from merchants.models import Merchant
from merchants.scope import merchant_scope, platform_scope
from notifications.dry_run import walk
from notifications.dry_run.changes import BadChange, changed
from notifications.dry_run.report import Seen
from notifications.dry_run.run import NotRunnable, dry_run
from notifications.models import Message
from notifications.switches import Switch, as_built, set_switch
from orders import commands as orders
from tests import factories

Work = Callable[[], Any]


def run(merchant: Merchant, touchpoint: str, **options: Any) -> dict[str, Any]:
    switch = options.pop("switch", None) or as_built(touchpoint)
    return dry_run(merchant, touchpoint, switch, days=30, now=timezone.now(), **options)


def row_counts() -> dict[str, int]:
    with platform_scope("counting what a dry run must not change"):
        return {model.__name__: model._default_manager.count() for model in apps.get_models()}


@pytest.mark.django_db(transaction=True)
def test_it_finds_what_the_live_planner_planned_and_writes_nothing(
    merchant: Merchant, stranger: Merchant, drain_all: Work
) -> None:
    for number in range(5):
        factories.order(merchant, email="" if number == 4 else None)
    factories.order(stranger)
    drain_all()
    before = row_counts()
    found = run(merchant, "order_confirmation")
    assert row_counts() == before
    with merchant_scope(merchant):
        live = list(Message.objects.filter(touchpoint="order_confirmation"))
    assert found["would_send"] == len([m for m in live if m.state == "planned"]) == 4
    assert [(each["reason"], each["number"]) for each in found["skipped"]] == [("no_address", 1)]
    assert found["was"] == {"no_address": 1, "planned": 4}
    assert found["facts"] == 5
    today = found["by_day"][-1]
    assert (today["would_send"], today["would_skip"], today["sent"], today["not_sent"]) == (4, 1, 0, 5)
    assert {each["recipient"] for each in found["newest"]} == {m.recipient for m in live}


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_lets_it_write_nothing(merchant: Merchant) -> None:
    with pytest.raises(DatabaseError, match="read-only"), walk.reading(merchant):
        Merchant.objects.filter(pk=merchant.pk).update(name="changed")
    merchant.refresh_from_db()
    assert merchant.name == "Nordwind"


def test_a_touchpoint_that_is_off_shows_what_it_would_do(merchant: Merchant, drain_all: Work) -> None:
    set_switch(merchant, "order_confirmation", Switch(is_on=False))
    factories.order(merchant)
    drain_all()
    found = run(merchant, "order_confirmation")
    assert (found["would_send"], found["was"]) == (1, {"switched_off": 1})


def test_imported_history_counts_on_its_own_day(merchant: Merchant, drain_all: Work) -> None:
    """Nobody was told of it, and a new shop has nothing else."""
    ago = timezone.now() - timedelta(days=10)
    factories.order(merchant, placed_at=ago, notify=False)
    drain_all()
    found = run(merchant, "order_confirmation")
    assert (found["would_send"], found["from_imported_history"], found["was"]) == (1, 1, {})
    [day] = [line for line in found["by_day"] if line["would_send"]]
    assert day["day"] == ago.astimezone(ZoneInfo(merchant.timezone)).date().isoformat()


def test_a_change_is_decided_at_the_moment_that_it_would_have_gone_out(
    merchant: Merchant, drain_all: Work
) -> None:
    kept, cancelled, abroad = (factories.order(merchant) for _ in range(3))
    orders.cancel_order(merchant, cancelled.id)
    with merchant_scope(merchant):
        type(abroad).objects.filter(pk=abroad.pk).update(country="US")
    drain_all()
    at_once = run(merchant, "order_confirmation")
    assert at_once["would_send"] == 3
    asked = {
        "delay": "2h",
        "conditions": json.dumps([{"field": "country", "op": "is", "values": ["DE"]}]),
    }
    later = run(
        merchant,
        "order_confirmation",
        switch=changed("order_confirmation", as_built("order_confirmation"), asked),
    )
    assert later["would_send"] == 1
    assert {each["reason"]: each["number"] for each in later["skipped"]} == {
        "order_cancelled": 1,
        "condition": 1,
    }
    assert later["conditions_not_met"] == [{"condition": "country is DE", "number": 1}]
    assert [each["order"] for each in later["newest"] if each["would_send"]] == [kept.number]


def test_a_parcel_that_had_moved_on_by_then_is_overtaken(merchant: Merchant, drain_all: Work) -> None:
    parcel = factories.shipment(merchant, factories.order(merchant))
    factories.scan(merchant, parcel, "out_for_delivery", timezone.now() + timedelta(minutes=1))
    factories.scan(merchant, parcel, "delivered", timezone.now() + timedelta(minutes=2))
    drain_all()
    touchpoint = "shipment_out_for_delivery"
    assert run(merchant, touchpoint)["would_send"] == 1
    later = run(merchant, touchpoint, switch=changed(touchpoint, as_built(touchpoint), {"delay": "2h"}))
    assert [each["reason"] for each in later["skipped"]] == ["overtaken"]


def test_its_queries_do_not_grow_and_its_progress_is_told(
    merchant: Merchant, drain_all: Work, monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for _ in range(12):
        factories.order(merchant)
    drain_all()
    with django_assert_max_num_queries(40):
        run(merchant, "order_confirmation")
    monkeypatch.setattr(walk, "BATCH", 5)
    told: list[tuple[int, int]] = []
    found = run(merchant, "order_confirmation", progress=lambda done, of: told.append((done, of)), listed=3)
    assert told == [(5, 12), (10, 12), (12, 12)]
    assert (found["would_send"], len(found["newest"])) == (12, 3)


def test_only_the_days_that_were_asked_for_are_read(merchant: Merchant, drain_all: Work) -> None:
    factories.order(merchant)
    drain_all()
    switch = as_built("order_confirmation")
    ahead = timezone.now() + timedelta(days=60)
    assert dry_run(merchant, "order_confirmation", switch, days=30, now=ahead)["facts"] == 0
    assert dry_run(merchant, "order_confirmation", switch, days=61, now=ahead)["facts"] == 1


def test_what_is_remembered_is_bounded_and_a_moment_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Seen, "SIZE", 10)
    seen = Seen()
    keys = [bytes([n]) * 32 for n in range(15)]
    assert all(seen.add(key) for key in keys)
    assert not any(seen.add(key) for key in keys)
    assert len(seen._new) + len(seen._old) <= 20


def test_what_cannot_be_run_is_said(merchant: Merchant) -> None:
    with pytest.raises(NotRunnable):
        run(merchant, "lookup_link")
    for asked in ({"delay": "soon"}, {"at": "25:00"}, {"conditions": "{}x"}, {"channels": "pigeon"},
                  {"conditions": '[{"field": "moon", "op": "is", "values": ["full"]}]'}):  # fmt: skip
        with pytest.raises(BadChange):
            changed("order_confirmation", as_built("order_confirmation"), asked)


def test_the_command_prints_it_for_scripts(merchant: Merchant, drain_all: Work) -> None:
    factories.order(merchant)
    drain_all()
    out = io.StringIO()
    call_command("dry_run", "order_confirmation", "--days", "90", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["would_send"], found["days"], found["merchant"]) == (1, 90, "nordwind")
    for bad in (["nothing"], ["order_confirmation", "--days", "0"], ["order_confirmation", "--delay", "x"],
                ["order_confirmation", "--merchant", "nobody"]):  # fmt: skip
        with pytest.raises(CommandError):
            call_command("dry_run", *bad)
