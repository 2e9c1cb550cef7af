"""Where a shop is asked what it has."""

from django.db import models

from merchants.fields import EncryptedTextField
from merchants.models import MerchantModel


class StockHook(MerchantModel):
    """The shop's address that says how many of its variants there are, now. At most one a merchant."""

    url = models.CharField(max_length=2000)
    secret = EncryptedTextField(help_text="Signs the questions, as it does webhooks.")
    quiet_until = models.DateTimeField(null=True, help_text="It did not answer: it is left alone until then.")
    problem = models.CharField(max_length=200, blank=True, help_text="What came instead of an answer.")
    answered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_stock_hook")]
