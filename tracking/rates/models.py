"""What was counted about when scans come, a few small rows for each carrier."""

from django.db import models

from events.models import DueRow, due_index
from merchants.models import MerchantModel


class ScanCounts(MerchantModel):
    """How many scans came when, of one merchant's parcels with a carrier and service in one context."""

    carrier = models.CharField(max_length=40)
    service = models.CharField(max_length=120, blank=True)
    context = models.CharField(max_length=24, help_text="announced, or a status (tracking/rates/priors.py).")
    counts = models.JSONField(
        help_text="Scans and minutes of waiting, by bucket (tracking/rates/counting.py)."
    )

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "carrier", "context", "service"], name="one_count_a_service"
            )
        ]


class CarrierScanCounts(models.Model):
    """The sum of all merchants' counts of a carrier: what a merchant begins with. Nothing in it is anybody's."""

    carrier = models.CharField(max_length=40)
    context = models.CharField(max_length=24)
    counts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["carrier", "context"], name="one_count_a_carrier"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier}: {self.context}"


class ScanLesson(DueRow):
    """When a merchant's scans are counted anew, and what its open parcels cost: looks a day by carrier, at price 1."""

    looks = models.JSONField(default=dict)
    learned_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_lesson_a_merchant")]
        indexes = [due_index("lessons_due")]
