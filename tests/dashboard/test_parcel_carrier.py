"""The parcel's page says where its carrier is from, and changes it."""

from collections.abc import Callable

from django.test import Client

from merchants.ids import public_id
from merchants.models import Merchant
from tests import factories
from tests.tracking.conftest import fresh

UPS_NUMBER = "1Z5R89390357567127"


def test_the_dashboard_says_where_the_carrier_is_from_and_changes_it(
    merchant: Merchant, owner: Client
) -> None:
    found = factories.shipment(merchant, factories.order(merchant), carrier="", tracking_number=UPS_NUMBER)
    page = f"/app/nordwind/shipments/{public_id('shp', found.pk)}/"
    assert "Detected from the number." in owner.get(page).content.decode()
    assert (
        "The parcel is followed at this carrier now."
        in owner.post(page + "carrier/", {"carrier": "dpd"}, follow=True).content.decode()
    )
    assert (fresh(found).carrier, fresh(found).carrier_source) == ("dpd", "chosen")
    shown = owner.post(page + "detect/", follow=True).content.decode()
    assert "By its number the parcel is with UPS." in shown
    assert (
        "This carrier could not be set."
        in owner.post(page + "carrier/", {"carrier": "nobody"}, follow=True).content.decode()
    )
    assert fresh(found).carrier == "ups"


def test_a_analyst_reads_and_cannot_change_it(merchant: Merchant, desk: Callable[..., Client]) -> None:
    found = factories.shipment(merchant, factories.order(merchant), carrier="", tracking_number=UPS_NUMBER)
    page = f"/app/nordwind/shipments/{public_id('shp', found.pk)}/"
    analyst = desk(merchant, "analyst")
    assert "Not right?" not in analyst.get(page).content.decode()
    assert analyst.post(page + "carrier/", {"carrier": "dpd"}).status_code == 403
    assert fresh(found).carrier == "ups"
