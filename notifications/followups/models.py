"""Rules by product, what is due to whom, and what is bought together."""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer


class RuleKind(models.TextChoices):
    """What a rule by product is for."""

    GUIDE = "guide"
    REPLENISH = "replenish"
    REVIEW = "review"


class Match(models.TextChoices):
    """By what a rule finds its products."""

    SKU = "sku"
    TAG = "tag"
    TYPE = "type"


class ProductRule(MerchantModel):
    """Days of a product: when its guide goes out or a review is asked for, or for how long one unit lasts."""

    kind = models.CharField(max_length=10, choices=RuleKind)
    match = models.CharField(max_length=4, choices=Match)
    value = models.CharField(max_length=255, help_text="The SKU, the tag or the type.")
    days = models.PositiveSmallIntegerField(help_text="After delivery; of a replenishment: for one unit.")
    title = models.CharField(max_length=160, blank=True)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "match", "value"],
                condition=Q(kind="replenish"),
                name="one_replenishment_a_match",
            ),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=730), name="rule_days_sane"),
        ]
        indexes = [models.Index(fields=["merchant", "-created_at", "-id"], name="product_rules_newest")]


class Kind(models.TextChoices):
    """What a follow-up is: the key of its touchpoint."""

    GUIDE = "care_guide"
    REPLENISHMENT = "replenishment"
    COMPLEMENT = "complement"
    WIN_BACK = "win_back"
    BIRTHDAY = "birthday"
    WELCOME = "welcome"
    REVIEW = "review_request"
    SURVEY_DELIVERY = "survey_delivery"
    SURVEY_SHOP = "survey_shop"


class FollowUp(DueRow):
    """One thing that a customer is to hear later, once a kind and subject. Without `due_at`: done, or stopped.

    subject: a rule's id, a SKU, an order's id, the year … whatever makes it the same one.
    """

    kind = models.CharField(max_length=20, choices=Kind)
    customer = MerchantForeignKey(Customer, related_name="follow_ups")
    subject = models.CharField(max_length=191)
    order_id = models.UUIDField(null=True, help_text="The order that began it.")
    begun_at = models.DateTimeField(help_text="The delivery, or what else its time counts from.")

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "customer", "subject"], name="one_follow_up_a_subject"
            ),
        ]
        indexes = [due_index("follow_ups_due")]


class SweepClock(DueRow):
    """When a merchant's customers are looked through next for birthdays and overdue orders: once a day."""

    class Meta(DueRow.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_sweep_a_merchant")]
        indexes = [due_index("sweeps_due")]


class Pair(MerchantModel):
    """Two SKUs that are bought together more than chance would have it: learned from orders once a day.

    lift: how many times more often than if the two had nothing to do with each other.
    """

    sku = models.CharField(max_length=191)
    other = models.CharField(max_length=191)
    together = models.PositiveIntegerField(help_text="In how many orders.")
    lift = models.FloatField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku", "other"], name="one_pair"),
        ]
