"""What shoppers report stands on the team's watch-list while it waits for the shop."""

from collections.abc import Callable

from cases import commands
from cases.models import CaseKind, Side
from cases.steps import Report
from events.rebuild import rebuild
from events.subscribers import get_subscriber
from merchants.models import Merchant
from tests import factories
from tests.tracking.watch.conftest import DAY, items, let_the_clock_come, moving, reasons, told
from tracking.watch.keeping import look

Drain = Callable[[], int]


def test_an_open_case_is_on_the_list_until_it_is_answered(merchant: Merchant, drain_all: Drain) -> None:
    parcel = moving(merchant)
    case = commands.open_case(merchant, parcel.order_id, parcel.id, Report(CaseKind.DAMAGED, "It is broken."))
    drain_all()
    (item,) = items(merchant)
    assert (item.reason, item.detail, item.shipment_id) == ("reported", "damaged", parcel.id)
    assert (item.since, item.value) == (case.opened_at, 89)
    look(merchant, [parcel.order_id])
    let_the_clock_come(merchant)
    assert reasons(merchant) == ["reported"]  # how the parcel stands says nothing about it
    commands.answer(merchant, case.id, "A new one is on its way.")
    drain_all()
    assert items(merchant) == []
    assert told() == [("watch.opened", "reported"), ("watch.closed", "reported")]


def test_two_cases_of_a_parcel_are_one_item_and_a_rebuild_changes_nothing(
    merchant: Merchant, drain_all: Drain
) -> None:
    parcel = moving(merchant, 5 * DAY)
    kinds = (CaseKind.DAMAGED, CaseKind.MISSING_ITEM)
    cases = [commands.open_case(merchant, parcel.order_id, parcel.id, Report(kind, "Look")) for kind in kinds]
    drain_all()
    before = [(item.pk, item.reason) for item in items(merchant)]
    assert sorted(reason for _, reason in before) == ["reported", "stalled"]
    commands.close(merchant, cases[0].id, side=Side.TEAM)
    drain_all()
    rebuild(get_subscriber("cases.watch"))
    rebuild(get_subscriber("tracking.watch"))
    assert [(item.pk, item.reason) for item in items(merchant)] == before
    assert len(told("watch.opened")) == 2


def test_an_order_without_a_parcel_can_be_reported(merchant: Merchant, drain_all: Drain) -> None:
    order = factories.order(merchant)
    commands.open_case(merchant, order.id, None, Report(CaseKind.NOT_RECEIVED, "Where is it?"))
    drain_all()
    (item,) = items(merchant)
    assert (item.reason, item.shipment_id, item.value) == ("reported", None, order.total)
