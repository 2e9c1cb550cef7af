"""Where an order stands, from where its parcels are and what is still to be sent."""

import pytest

from orders.models import Stage
from tracking.progress import stage_of


@pytest.mark.parametrize(
    ("statuses", "open_quantity", "stage"),
    [
        # Nothing sent yet.
        ([], 3, "to_ship"),
        ([], 0, "to_ship"),
        (["cancelled"], 3, "to_ship"),
        (["pending"], 0, "to_ship"),
        (["pending", "pending"], 0, "to_ship"),
        # Some of it.
        (["pending"], 1, "partly_shipped"),
        (["in_transit"], 1, "partly_shipped"),
        (["delivered"], 2, "partly_shipped"),
        (["delivered", "cancelled"], 2, "partly_shipped"),
        # All of it is on its way.
        (["info_received"], 0, "in_transit"),
        (["in_transit", "pending"], 0, "in_transit"),
        (["out_for_delivery"], 0, "in_transit"),
        (["available_for_pickup"], 0, "in_transit"),
        # Two of three delivered.
        (["delivered", "delivered", "in_transit"], 0, "in_transit"),
        (["delivered", "delivered", "pending"], 0, "in_transit"),
        (["delivered", "delivered", "delivered"], 0, "delivered"),
        (["delivered", "delivered", "cancelled"], 0, "delivered"),
        (["delivered", "returned"], 0, "delivered"),
        (["returned"], 0, "delivered"),
        # Somebody has to look, whatever else is true.
        (["delivered", "delivered", "exception"], 0, "attention"),
        (["attempt_failed"], 0, "attention"),
        (["returning", "delivered"], 0, "attention"),
        (["exception"], 2, "attention"),
        (["expired"], 0, "attention"),
    ],
)
def test_the_stage_of_an_order(statuses: list[str], open_quantity: int, stage: str) -> None:
    assert stage_of(statuses, open_quantity) == Stage(stage)
    assert stage_of(list(reversed(statuses)), open_quantity) == Stage(stage)
