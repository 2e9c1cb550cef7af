"""What a shop says about its returns: branches that take them in, and its own reasons."""

from django.db import models

from merchants.models import MerchantModel


class Branch(MerchantModel):
    """A shop with a counter. Its people open a link on their phone and give its PIN; they have no account."""

    name = models.CharField(max_length=80)
    address = models.CharField(max_length=300, blank=True, help_text="For shoppers; several lines.")
    hours = models.CharField(max_length=200, blank=True, help_text="When it is open, in the shop's words.")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the link's token.")
    pin = models.CharField(max_length=128, help_text="A salted hash.")
    version = models.PositiveIntegerField(
        default=1, help_text="A new link makes it another: phones are asked anew."
    )
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "digest"], name="one_branch_a_link")]
        ordering = ["name", "id"]


class OwnReasons(MerchantModel):
    """The reasons for returns in a shop's own words and order (`returns.reasons`). Without a row: the usual ones."""

    reasons = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant"], name="one_list_of_reasons")]
