"""Dry runs that somebody asked for, and what they found."""

from django.db import models

from events.models import DueRow, due_index


class DryRun(DueRow):
    """One dry run. `due_at`: when a worker begins it, or begins it again because the first one died."""

    touchpoint = models.CharField(max_length=60)
    asked = models.JSONField(default=dict, help_text="What was asked to be different: delay, at.")
    days = models.PositiveSmallIntegerField()
    done = models.PositiveIntegerField(default=0, help_text="Facts that were looked at.")
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=40, blank=True, help_text="Code of why it found nothing.")
    actor = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        indexes = [
            due_index("dry_runs_due"),
            models.Index(fields=["merchant", "-created_at"], name="dry_runs_newest"),
        ]
