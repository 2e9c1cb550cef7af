"""Campaigns. To whom one went, and what became of it, are its messages (`Message.campaign_id`)."""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index


class CampaignState(models.TextChoices):
    """draft → scheduled → planning → sending → done; paused ⇄ sending; cancelled from each but done."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PLANNING = "planning"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class Campaign(DueRow):
    """A message to a segment. `due_at`: when its next step is due (begin, plan on, see whether it is done)."""

    name = models.CharField(max_length=120)
    segment = models.CharField(max_length=40, help_text="The ref of a segment: `new`, `seg_…`.")
    rule = models.JSONField(default=dict, help_text="The segment's rule as it was at the start.")
    words = models.JSONField(
        default=dict, help_text="Language → place → words that differ from the built-in ones."
    )
    url = models.CharField(
        max_length=1000, blank=True, help_text="Where the button leads; empty: to the shop."
    )
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.DRAFT)
    starts_at = models.DateTimeField(null=True)
    per_minute = models.PositiveIntegerField(default=600)
    planned_through = models.UUIDField(null=True, help_text="The last customer who was planned.")
    planned = models.PositiveIntegerField(default=0)
    audience = models.PositiveIntegerField(default=0, help_text="How many were in the segment at the start.")
    begun_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True, help_text="When the last of them was planned.")
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254, blank=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(per_minute__gte=1, per_minute__lte=60_000), name="campaign_pace"
            ),
        ]
        indexes = [
            due_index("campaigns_due"),
            models.Index(fields=["merchant", "-created_at", "-id"], name="campaigns_newest"),
        ]
