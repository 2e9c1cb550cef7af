"""Labels for the way back, and who makes them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import EncryptedTextField, MerchantForeignKey
from merchants.models import MerchantModel
from returns.models import Return


class LabelMaker(models.TextChoices):
    """Who makes labels."""

    SHOP = "shop"  # the shop itself sends the PDF
    DHL_RETURNS = "dhl_returns"
    EASYPOST = "easypost"
    SENDCLOUD = "sendcloud"
    SHIPPO = "shippo"


class LabelState(models.TextChoices):
    """Where a label is."""

    WANTED = "wanted"  # its maker is asked, or the shop has to send it
    READY = "ready"
    FAILED = "failed"  # its maker refused; somebody has to look


class LabelAccount(MerchantModel):
    """The merchant's own access to somebody who makes labels, and where goods go."""

    maker = models.CharField(max_length=16, choices=LabelMaker)
    credentials = EncryptedTextField(help_text="JSON: what the maker calls its keys.")
    countries = ArrayField(
        models.CharField(max_length=2), default=list, help_text="From which parcels can be sent; empty: all."
    )
    settings = models.JSONField(
        default=dict, help_text="address, destinations (name → address), weight_grams, service …"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "maker"], name="one_account_a_maker")]
        ordering = ["created_at"]


class ReturnLabel(DueRow):
    """The label of a return. `due_at`: when its maker is asked (again)."""

    ret = MerchantForeignKey(Return, related_name="labels")
    maker = models.CharField(max_length=16, choices=LabelMaker, default=LabelMaker.SHOP)
    state = models.CharField(max_length=8, choices=LabelState, default=LabelState.WANTED)
    pdf = models.BinaryField(null=True, help_text="As its maker sent it.")
    qr = models.BinaryField(null=True, help_text="PNG or PDF: shown at a counter and printed there.")
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    reference = models.CharField(max_length=100, blank=True, help_text="What its maker calls it.")
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "ret"], name="one_label_a_return"),
            models.CheckConstraint(
                condition=~Q(state=LabelState.READY) | ~Q(pdf=None) | ~Q(qr=None),
                name="what_is_ready_is_there",
            ),
        ]
        indexes = [due_index("labels_due")]
