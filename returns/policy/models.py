"""Versions of a shop's return policy. The newest counts; none of them is ever changed."""

from django.db import models

from merchants.models import MerchantModel


class PolicyVersion(MerchantModel):
    """A policy as it was saved once. `policy` is `returns.policy.model.Policy`; number 1 is the first version."""

    number = models.PositiveIntegerField()
    policy = models.JSONField()
    note = models.CharField(max_length=200, blank=True, help_text="What was changed, in a person's words.")
    saved_at = models.DateTimeField(help_text="From this moment on it is in force.")
    saved_by = models.CharField(max_length=254, blank=True)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "number"], name="one_policy_version")]
