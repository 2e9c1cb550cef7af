"""Versions of a shop's return policy, its draft, and tries of it on the past."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import OrderLine


class PolicyVersion(MerchantModel):
    """A policy as it was saved once. `policy` is `returns.policy.model.Policy`; number 1 is the first version.

    The newest counts; none of them is ever changed.
    """

    number = models.PositiveIntegerField()
    policy = models.JSONField()
    note = models.CharField(max_length=200, blank=True, help_text="What was changed, in a person's words.")
    saved_at = models.DateTimeField(help_text="From this moment on it is in force.")
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "number"], name="one_policy_version")]


class BoughtProduct(MerchantModel):
    """What the shop said of a line's product when it was bought, where a rule or a reason then asked about that."""

    line = MerchantForeignKey(OrderLine, related_name="+")
    type = models.CharField(max_length=255, blank=True, help_text="Lower case, like the tags.")
    tags = ArrayField(models.CharField(max_length=255), default=list)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "line"], name="one_product_a_line")]


class PolicyDraft(MerchantModel):
    """Rules that are being written: they count for nobody before they are put in force. One a merchant."""

    policy = models.JSONField()
    based_on = models.PositiveIntegerField(
        help_text="The version that it was begun from; 0: the built-in one."
    )
    revision = models.PositiveIntegerField(default=1, help_text="Grows with every change.")
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_policy_draft")]


class PolicyTrial(DueRow):
    """A policy that a worker tries on the past, slice by slice. `due_at` is empty when it is done."""

    policy = models.JSONField()
    compared_with = models.PositiveIntegerField(help_text="The version that was in force.")
    days = models.PositiveIntegerField()
    now = models.DateTimeField(help_text="The moment that it is tried at.")
    place_at = models.DateTimeField(null=True, help_text="How far it is: where its last order stands.")
    place_id = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0, help_text="Orders in the span, when it was begun.")
    report = models.JSONField(default=dict)
    actor = models.CharField(max_length=254, blank=True, help_text="Who asked for it.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        indexes = [
            due_index("policy_trials_due"),
            models.Index(fields=["merchant", "-created_at"], name="policy_trials_newest"),
        ]
