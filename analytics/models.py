"""Roll-ups of the log: how parcels ended and how much happened, by day. `manage.py rebuild` makes them anew."""

from django.db import models
from django.db.models import Q

from analytics.lift.models import LiftOutcome as LiftOutcome
from analytics.lift.models import LiftShopper as LiftShopper
from analytics.lift.models import LiftTally as LiftTally
from analytics.lift.models import LiftWindow as LiftWindow
from analytics.scorecards.models import CarrierParcel as CarrierParcel
from analytics.scorecards.models import CarrierTally as CarrierTally
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from tracking.models import Shipment

# How long a parcel travelled when nobody knows when it was handed over.
UNKNOWN_TRANSIT = -1


class Outcome(models.TextChoices):
    """How a parcel ended. `analytics.outcomes` says what each of them means exactly."""

    ON_TIME = "on_time"
    LATE = "late"
    FAILED = "failed"


class ParcelOutcome(MerchantModel):
    """How one parcel ended and on which day: what `DeliveryDay` counts, kept so that it can be counted back."""

    shipment = MerchantForeignKey(Shipment, related_name="outcomes")
    day = models.DateField(help_text="By the merchant's clock.")
    carrier = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    transit = models.SmallIntegerField(help_text="Whole quarters of a day on the way; -1: not known.")

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "shipment"], name="one_outcome_a_parcel"),
        ]


class DeliveryDay(MerchantModel):
    """How many parcels of a carrier ended in one way on one day, by how long they had travelled."""

    day = models.DateField(help_text="By the merchant's clock.")
    carrier = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    transit = models.SmallIntegerField(help_text="Whole quarters of a day on the way; -1: not known.")
    parcels = models.IntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "day", "carrier", "outcome", "transit"], name="one_row_a_delivery_day"
            ),
            models.CheckConstraint(condition=Q(parcels__gte=0), name="parcels_not_negative"),
        ]


class Figure(models.TextChoices):
    """What is simply counted by day."""

    ORDERS_PLACED = "orders.placed"
    MESSAGES_SENT = "messages.sent"
    MESSAGES_FAILED = "messages.failed"


class DayCount(MerchantModel):
    """How often something happened on one day."""

    day = models.DateField(help_text="By the merchant's clock.")
    figure = models.CharField(max_length=24, choices=Figure)
    number = models.IntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "day", "figure"], name="one_count_a_day"),
        ]


class MessageResult(models.TextChoices):
    """What became of messages, as their facts tell."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    COMPLAINED = "complained"


class MessageDay(MerchantModel):
    """How many messages of a kind and channel came to one result on one day."""

    day = models.DateField(help_text="By the merchant's clock.")
    touchpoint = models.CharField(max_length=60)
    channel = models.CharField(max_length=8)
    result = models.CharField(max_length=12, choices=MessageResult)
    number = models.IntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "day", "touchpoint", "channel", "result"], name="one_row_a_message_day"
            ),
        ]
        # For the installation's figures of the last days (config/metrics.py).
        indexes = [models.Index(fields=["day"], name="message_days_by_day")]
