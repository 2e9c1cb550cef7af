"""Parts of bundles, and how much of each piece of an order is in a return."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import OrderLine


class LinePart(MerchantModel):
    """One component of a bundle: an order line that has parts is returned part by part, each at its share."""

    line = MerchantForeignKey(OrderLine, related_name="parts")
    external_id = models.CharField(max_length=191)
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=191, blank=True)
    title = models.CharField(max_length=500)
    quantity = models.PositiveIntegerField(default=1, help_text="In one bundle.")
    weight = models.DecimalField(
        max_digits=14, decimal_places=4, help_text="What one costs alone: its share of the bundle's price."
    )

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "line", "external_id"], name="one_part_an_external_id"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0, weight__gte=0), name="part_in_bounds"),
        ]
        ordering = ["position"]


class ReturnedCount(MerchantModel):
    """How many of an order line (or a part) are taken by returns that are not over.

    The database refuses more than were bought, whoever asks beside whom (R31).
    """

    line = MerchantForeignKey(OrderLine, related_name="returned_counts")
    part = MerchantForeignKey(LinePart, null=True, related_name="returned_counts")
    bought = models.PositiveIntegerField()
    taken = models.PositiveIntegerField()
    amount = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=Decimal(0),
        help_text="What was paid for those that are taken.",
    )

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "line", "part"], nulls_distinct=False, name="one_count_a_line"
            ),
            models.CheckConstraint(condition=Q(taken__lte=F("bought")), name="not_more_returned_than_bought"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="returned_amount_not_negative"),
        ]
