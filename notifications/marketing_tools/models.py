"""The shop's marketing tools: where they are, and what opens them."""

from django.db import models

from merchants.fields import EncryptedTextField
from merchants.models import MerchantModel
from notifications.choices import TOOLS


class MarketingTool(MerchantModel):
    """A tool that is set up; `Merchant.marketing_tools` names its channel as long as it is."""

    channel = models.CharField(max_length=8, choices=[(each.value, each.label) for each in TOOLS])
    url = models.CharField(
        max_length=2000, blank=True, help_text="Of a webhook: where messages are posted to."
    )
    secret = EncryptedTextField(help_text="What signs for a webhook; Klaviyo's private API key.")
    old_secret = EncryptedTextField(blank=True)
    old_secret_until = models.DateTimeField(null=True, help_text="Until then both secrets sign.")
    # What came back: since when nothing but failures, and the last of them.
    failing_since = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(
        max_length=500, blank=True, help_text="What it answered, without secrets."
    )
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "channel"], name="one_marketing_tool"),
        ]
