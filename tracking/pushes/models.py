"""What carriers tell by themselves: the pushes as they came, and the subscriptions that make carriers send them."""

from django.db import models

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey


class PushState(models.TextChoices):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class CarrierPush(DueRow):
    """A carrier's push as it came: stored and answered first, worked off after (`tracking.pushes.inbox`)."""

    carrier = models.CharField(max_length=40)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the body: a repeat is dropped.")
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=PushState, default=PushState.WAITING)
    error = models.CharField(max_length=300, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "carrier", "digest"], name="one_push_a_body")
        ]
        indexes = [
            due_index("carrier_pushes_due"),
            models.Index(fields=["received_at"], name="carrier_pushes_by_age"),
        ]


class PushSubscription(DueRow):
    """A wish that a carrier tells about one parcel by itself. `due_at` says when it is asked for (again)."""

    shipment = MerchantForeignKey("tracking.Shipment", related_name="push_subscriptions")
    carrier = models.CharField(max_length=40)
    number = models.CharField(max_length=100)
    lives_until = models.DateTimeField(null=True, help_text="Empty: the carrier has not agreed (yet).")
    error = models.CharField(max_length=300, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "shipment", "carrier", "number"], name="one_subscription_a_parcel"
            )
        ]
        indexes = [due_index("push_subscriptions_due")]
