"""A dry run on the page: asked for, run by a worker, shown beside what was sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from events import due
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.rest.errors import Unprocessable
from merchants.scope import merchant_scope
from notifications.dry_run import jobs
from notifications.dry_run.models import DryRun
from tests import factories

Work = Callable[[], Any]
Desk = Callable[..., Client]
PATH = "/app/nordwind/settings/dry-runs/"


def only(merchant: Merchant) -> DryRun:
    with merchant_scope(merchant):
        return DryRun.objects.get()


def test_it_is_asked_for_run_and_read(merchant: Merchant, drain_all: Work, desk: Desk) -> None:
    factories.order(merchant)
    factories.order(merchant, email="")
    drain_all()
    at = desk(merchant)
    answer = at.post(PATH, {"touchpoint": "order_confirmation", "days": "30", "delay": "3d"})
    row = only(merchant)
    assert (answer.status_code, answer["Location"]) == (302, f"{PATH}{public_id('dry', row.pk)}/")
    waiting = at.get(answer["Location"])
    assert "every 1s" in waiting.content.decode()
    assert due.run(jobs.KIND) == 1
    row = only(merchant)
    assert row.result is not None
    assert (row.result["would_send"], row.result["would_skip"], row.due_at) == (1, 1, None)
    page = at.get(answer["Location"]).content.decode()
    assert "1 would have been sent" in page
    assert "The order has no address to write to." in page
    assert "every 1s" not in page
    assert "1 would have been sent" in at.get(PATH).content.decode()


def test_what_cannot_be_run_is_refused_and_nothing_is_stored(merchant: Merchant, desk: Desk) -> None:
    for asked in ({"touchpoint": "lookup_link", "days": "30"}, {"touchpoint": "order_confirmation", "days": "31"},
                  {"touchpoint": "order_confirmation", "days": "30", "delay": "x"}):  # fmt: skip
        assert desk(merchant).post(PATH, asked).status_code == 422
    for touchpoint, days, change in (("nothing", 30, {}), ("order_confirmation", 0, {}), ("lookup_link", 30, {}),
                                     ("order_confirmation", 30, {"delay": "soon"})):  # fmt: skip
        with pytest.raises(Unprocessable):
            jobs.ask(merchant, touchpoint, days, change)
    with merchant_scope(merchant):
        assert not DryRun.objects.exists()


def test_one_that_takes_too_long_says_so(
    merchant: Merchant, drain_all: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.order(merchant)
    drain_all()
    monkeypatch.setattr(jobs, "MOST_SECONDS", -1.0)
    jobs.ask(merchant, "order_confirmation", 30, {})
    due.run(jobs.KIND)
    row = only(merchant)
    assert (row.error, row.result, row.due_at) == ("too_long", None, None)


def test_only_the_newest_are_kept(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    for _ in range(4):
        jobs.ask(merchant, "order_confirmation", 30, {})
        due.run(jobs.KIND)
    with merchant_scope(merchant):
        assert DryRun.objects.count() == 2


def test_a_worker_that_lost_it_stores_nothing(merchant: Merchant, drain_all: Work) -> None:
    row = jobs.ask(merchant, "order_confirmation", 30, {})
    [claimed] = due.claim(DryRun, limit=1, lease=jobs.LEASE)
    with merchant_scope(merchant):
        DryRun.objects.filter(pk=row.pk).update(attempts=7)
    jobs._finish(claimed, error="internal_error")
    assert only(merchant).finished_at is None
