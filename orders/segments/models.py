"""What is known of each customer in figures, and the segments that a merchant made."""

from django.db import models

from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer


class CustomerStats(MerchantModel):
    """A customer in figures: a roll-up of their orders. Its id is the customer's. Cancelled orders are not in it."""

    customer = MerchantForeignKey(Customer, related_name="stats")
    orders = models.PositiveIntegerField()
    spent = models.DecimalField(
        max_digits=16, decimal_places=4, help_text="Net of refunds, in the merchant's currency alone."
    )
    spent_by_currency = models.JSONField(default=dict, help_text="Net of refunds: currency → amount.")
    first_order_at = models.DateTimeField()
    last_order_at = models.DateTimeField()
    mean_interval_days = models.FloatField(null=True, help_text="Between their orders; empty below two.")
    country = models.CharField(max_length=2, blank=True, help_text="Where the last order went.")
    channel = models.CharField(max_length=32, blank=True, help_text="Where the last order came from.")

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "customer"], name="one_stats_a_customer"),
        ]
        indexes = [models.Index(fields=["merchant", "last_order_at"], name="stats_by_last_order")]


class Purchase(MerchantModel):
    """What a customer bought of one SKU: a roll-up of the lines of their orders that were not cancelled."""

    customer = MerchantForeignKey(Customer, related_name="purchases")
    sku = models.CharField(max_length=191)
    times = models.PositiveIntegerField(help_text="In how many orders.")
    quantity = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "customer", "sku"], name="one_purchase_a_sku"),
        ]
        indexes = [models.Index(fields=["merchant", "sku", "customer"], name="purchases_by_sku")]


class Segment(MerchantModel):
    """A merchant's own segment: a name and a rule (`rules.SegmentRule`). Who is in it is never stored."""

    name = models.CharField(max_length=80)
    rule = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="one_segment_a_name")]
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="segments_newest")]
