"""The second carrier of a parcel: who brings it the last mile, and when it is asked."""

from django.db import models

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey


class NextLeg(DueRow):
    """A carrier that a parcel was handed over to, with its number there. `due_at` says when it is asked next."""

    shipment = MerchantForeignKey("tracking.Shipment", related_name="next_legs")
    carrier = models.CharField(max_length=40)
    number = models.CharField(max_length=100)
    asked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "shipment", "carrier", "number"], name="one_leg_a_carrier_and_number"
            )
        ]
        indexes = [due_index("next_legs_due")]
