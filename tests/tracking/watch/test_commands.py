"""What the team and a shop's backend do with items, by command and by API."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from merchants import commands as merchants
from merchants.ids import public_id
from merchants.models import AuditEntry, Merchant
from merchants.rest.errors import InvalidBody, Unprocessable
from merchants.scope import merchant_scope
from tests.api_client import ApiClient
from tests.tracking.watch.conftest import DAY, items, let_the_clock_come, moving, reasons, told
from tracking.models import WatchItem
from tracking.watch import commands


def audited(owner: Merchant) -> list[str]:
    """Who did something to the list, by the audit log."""
    with merchant_scope(owner):
        return list(
            AuditEntry.objects.filter(action__startswith="watch.").values_list("actor_kind", flat=True)
        )


@pytest.fixture
def stalled(merchant: Merchant, drain_all: Callable[[], int]) -> WatchItem:
    """A parcel that stands still, and a colleague who could look after it."""
    merchants.add_member(merchant, email="mia@nordwind.test", password="lighthouse-9-keeper")
    moving(merchant, 5 * DAY)
    drain_all()
    (item,) = items(merchant)
    return item


def test_each_step_is_stored_told_and_audited_only_for_people(
    merchant: Merchant, stalled: WatchItem, drain_all: Callable[[], int]
) -> None:
    until = timezone.now() + DAY
    assert commands.assign(merchant, [stalled.pk], "MIA@nordwind.test") == 1
    assert commands.assign(merchant, [stalled.pk], "mia@nordwind.test") == 0  # she has it
    assert commands.snooze(merchant, [stalled.pk], until) == 1
    assert commands.write_note(merchant, stalled.pk, " asked DHL \0") == 1
    assert commands.dismiss(merchant, [stalled.pk], "refunded") == 1
    (item,) = items(merchant)
    assert (item.assignee, item.snoozed_until, item.note) == ("mia@nordwind.test", until, "asked DHL")
    assert (item.state, item.dismissal) == ("dismissed", "refunded")
    assert [kind for kind, _ in told()] == [
        "watch.opened", "watch.assigned", "watch.snoozed", "watch.noted", "watch.dismissed",
    ]  # fmt: skip
    assert commands.snooze(merchant, [stalled.pk], until + DAY) == 0  # it is over
    let_the_clock_come(merchant)
    assert reasons(merchant, state="open") == []  # and does not come back by itself
    assert audited(merchant) == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda m, i: commands.assign(m, [i], "nobody@nordwind.test"), Unprocessable),
        (lambda m, i: commands.snooze(m, [i], timezone.now() - timedelta(seconds=1)), InvalidBody),
        (lambda m, i: commands.snooze(m, [i], timezone.now() + timedelta(days=91)), InvalidBody),
        (lambda m, i: commands.dismiss(m, [i], "because"), Unprocessable),
        (lambda m, i: commands.write_note(m, i, "x" * 4001), Unprocessable),
        (lambda m, i: commands.assign(m, [i] * 501, ""), Unprocessable),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    merchant: Merchant, stalled: WatchItem, change: Callable, error: type[Exception]
) -> None:
    with pytest.raises(error):
        change(merchant, stalled.pk)
    (item,) = items(merchant)
    assert (item.assignee, item.snoozed_until, item.note, item.state) == ("", None, "", "open")
    assert len(told()) == 1


def test_nobody_changes_a_strangers_item(merchant: Merchant, stranger: Merchant, stalled: WatchItem) -> None:
    assert commands.dismiss(stranger, [stalled.pk], "solved") == 0
    assert reasons(merchant, state="open") == ["stalled"]


def test_the_api_lists_reads_and_changes_items(
    merchant: Merchant, stalled: WatchItem, api: ApiClient, strangers_api: ApiClient
) -> None:
    key = public_id("wat", stalled.pk)
    (shown,) = api.get("watch-items?reason=stalled").json()["data"]
    assert (shown["id"], shown["value"], shown["currency"]) == (key, "89.0000", "EUR")
    assert shown["shipment_id"] == public_id("shp", stalled.shipment_id)
    assert api.get("watch-items?reason=late").json()["data"] == []
    assert api.get("watch-items?state=no").status_code == 400

    until = (timezone.now() + DAY).isoformat()
    snoozed = api.post(f"watch-items/{key}/snooze", {"until": until})
    assert snoozed.status_code == 200, snoozed.json()
    assert snoozed.json()["snoozed_until"]
    taken = api.post(f"watch-items/{key}/assign", {"assignee": "mia@nordwind.test"})
    assert taken.json()["assignee"] == "mia@nordwind.test"
    assert api.get("watch-items?assignee=mia@nordwind.test").json()["data"][0]["id"] == key
    assert strangers_api.post(f"watch-items/{key}/dismiss", {"dismissal": "solved"}).status_code == 404
    done = api.post(f"watch-items/{key}/dismiss", {"dismissal": "solved"})
    assert done.json()["state"] == "dismissed"
    again = api.post(f"watch-items/{key}/dismiss", {"dismissal": "solved"})
    assert (again.status_code, again.json()["code"]) == (409, "watch_item_not_open")
    assert api.get(f"watch-items/{key}").json()["dismissal"] == "solved"
    assert audited(merchant) == ["key"] * 3
