"""What the dashboard itself remembers: saved tabs of its lists, and work on many rows at once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events.models import DueRow, due_index
from merchants.models import MerchantModel


class SavedTab(MerchantModel):
    """A filter and search of a list, under a name of the team's own. Shared, or one person's."""

    list_name = models.CharField(max_length=16, help_text="orders or shipments.")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, help_text="The list's parameters, as its address carries them.")
    owner_id = models.BigIntegerField(null=True, help_text="The person's id; empty: the whole team's.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "list_name", "created_at"], name="saved_tabs_of_list")]


class BulkAction(models.TextChoices):
    CANCEL = "cancel"
    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    REFRESH = "refresh"
    RESEND = "resend"


class BulkJob(DueRow):
    """One thing done to many orders, one after the other. `due_at` is empty when it is done."""

    action = models.CharField(max_length=12, choices=BulkAction)
    argument = models.CharField(max_length=40, blank=True, help_text="The tag.")
    order_ids = ArrayField(models.UUIDField())
    position = models.PositiveIntegerField(default=0, help_text="How many were dealt with.")
    changed = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="[order number, order id, why] of each that was not.")
    actor_id = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=254, blank=True, help_text="Who asked for it.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        indexes = [due_index("bulk_jobs_due")]
