"""Whom chance let have a message and whom not, and what they did: sums for each group."""

from django.db import models

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer


class LiftOutcome(models.TextChoices):
    """What is looked at, within the window after the message. Part of the public API."""

    REPEAT = "repeat"  # bought again: 0 or 1
    REVENUE = "revenue"  # for how much, in the shop's currency
    RETURNS = "returns"  # had money given back, by refund of any order: 0 or 1
    QUESTIONS = "questions"  # reported a problem: 0 or 1


class LiftShopper(DueRow):
    """A shopper and a kind of message, the first time that chance decided. `due_at`: when their window has passed."""

    customer = MerchantForeignKey(Customer, related_name="+")
    touchpoint = models.CharField(max_length=60)
    is_held_out = models.BooleanField()
    percent = models.SmallIntegerField(help_text="How many of a hundred were held out at that time.")
    began_at = models.DateTimeField(help_text="When it went out, or would have.")

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "customer"], name="one_lift_of_a_shopper"
            ),
        ]
        indexes = [
            due_index("lift_due"),
            models.Index(fields=["merchant", "touchpoint", "began_at"], name="lift_began"),
        ]


class LiftTally(MerchantModel):
    """The sums of one group for one outcome (`analytics.lift.sums.Sums`)."""

    touchpoint = models.CharField(max_length=60)
    percent = models.SmallIntegerField()
    is_held_out = models.BooleanField()
    outcome = models.CharField(max_length=12, choices=LiftOutcome)
    n = models.IntegerField(default=0)
    hits = models.IntegerField(default=0)
    x = models.FloatField(default=0)
    xx = models.FloatField(default=0)
    y = models.FloatField(default=0)
    yy = models.FloatField(default=0)
    xy = models.FloatField(default=0)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "touchpoint", "percent", "is_held_out", "outcome"],
                name="one_lift_tally_a_group",
            ),
        ]


class LiftWindow(MerchantModel):
    """For how many days after a message is looked at what shoppers do. Without a row: 30."""

    touchpoint = models.CharField(max_length=60)
    days = models.PositiveSmallIntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "touchpoint"], name="one_lift_window"),
        ]
