"""Roll-ups behind the carriers' scorecards: what ended on a day, by carrier, service and lane, in bins that add up."""

from django.db import models
from django.db.models import Q

from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel


class Measure(models.TextChoices):
    """What is counted. The last three are spread over bins (`analytics.scorecards.bins`); of the others it is 0."""

    ENDED = "ended"
    DELIVERED = "delivered"
    PROMISED = "promised"  # delivered, and a day was promised
    PROMISE_KEPT = "promise_kept"
    DATED = "dated"  # delivered, and the carrier had named a day
    DATE_KEPT = "date_kept"
    ATTEMPTED = "attempted"  # delivered, or tried in vain
    FIRST_ATTEMPT = "first_attempt"  # delivered without a failed attempt
    EXCEPTED = "excepted"  # an exception was scanned on the way
    LOST = "lost"
    RETURNED = "returned"
    TRANSIT = "transit"  # seconds from hand-over to delivery
    WORKDAYS = "workdays"  # working days from hand-over to delivery
    LATENCY = "latency"  # seconds from a scan to us


class CarrierParcel(MerchantModel):
    """What one parcel adds to its day: kept so that it can be counted back."""

    shipment = MerchantForeignKey("tracking.Shipment", related_name="+")
    day = models.DateField(help_text="On which it ended, by the merchant's clock.")
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Of the destination.")
    tallies = models.JSONField(help_text="[[measure, bin, number], …]")

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "shipment"], name="one_card_a_parcel")]


class CarrierTally(MerchantModel):
    """How often something was seen of the parcels of a carrier, service and destination that ended on a day."""

    day = models.DateField()
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2, blank=True)
    measure = models.CharField(max_length=14, choices=Measure)
    bin = models.SmallIntegerField()
    number = models.IntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "day", "carrier", "service", "country", "measure", "bin"],
                name="one_tally_a_day",
            ),
            models.CheckConstraint(condition=Q(number__gte=0), name="tally_not_negative"),
        ]
