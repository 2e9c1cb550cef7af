"""The log: facts in the order in which they became true, who has read how far, and what could not be read."""

from django.db import models

from merchants.models import MerchantModel
from merchants.scope import merchant_manager


class Incoming(models.Model):
    """A fact as its command recorded it: committed, without a place in line yet.

    `events.log.sequence` moves it into `Fact`, after commit, so that a place is never given to a row
    that nobody can see yet (docs/architecture.md, "The log").
    """

    id = models.BigAutoField(primary_key=True)
    merchant_id = models.UUIDField()
    shard = models.SmallIntegerField()
    type = models.CharField(max_length=60)
    order_id = models.UUIDField(null=True)
    data = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["shard", "id"], name="incoming_line")]


class Fact(models.Model):
    """Something that happened, once, at a place in its merchant's line. Never changed, never deleted."""

    position = models.BigIntegerField(primary_key=True)
    merchant = models.ForeignKey(
        "merchants.Merchant", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    shard = models.SmallIntegerField()
    type = models.CharField(max_length=60)
    order_id = models.UUIDField(null=True)
    data = models.JSONField()
    recorded_at = models.DateTimeField()

    objects = merchant_manager()

    class Meta:
        base_manager_name = "objects"
        default_manager_name = "objects"
        indexes = [
            models.Index(fields=["shard", "position"], name="fact_line"),
            models.Index(
                fields=["merchant", "order_id", "position"],
                condition=models.Q(order_id__isnull=False),
                name="fact_of_order",
            ),
            # What is asked for by type is rare among the rest: without this a page would read the whole line.
            models.Index(fields=["merchant", "type", "position"], name="fact_by_type"),
        ]


class Cursor(models.Model):
    """How far a subscriber has read one shard. Moves in the transaction that holds the effects."""

    subscriber = models.CharField(max_length=60)
    shard = models.SmallIntegerField()
    position = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "shard"], name="one_cursor_a_shard")]


class DueRow(MerchantModel):
    """Base of every row that something has to be done about at a time.

    `due_at` is the whole schedule: empty means nothing to do, the past means now. A claim moves it to
    the end of the claimer's lease, so that a row whose worker died comes due again by itself.
    """

    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta(MerchantModel.Meta):
        abstract = True


class LeasedDueRow(DueRow):
    """Base of due rows in tables with many indexes: a claim leaves `due_at` alone.

    It writes these two columns instead, which no index may name, so that PostgreSQL rewrites the row in place and no
    index at all (a HOT update). Whoever gives the row another `due_at` ends the claim.
    """

    claimed_until = models.DateTimeField(null=True)
    claimed_for = models.DateTimeField(null=True, help_text="The due time that it was claimed for.")

    class Meta(DueRow.Meta):
        abstract = True


def due_index(name: str) -> models.Index:
    """The partial index that a claim reads: due rows only, earliest first."""
    return models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name=name)


class ParkedFact(DueRow):
    """A fact that a subscriber failed on: kept with its error, tried again with back-off, shown to people."""

    subscriber = models.CharField(max_length=60)
    position = models.BigIntegerField()
    type = models.CharField(max_length=60)
    order_id = models.UUIDField(null=True)
    error = models.TextField()
    parked_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "subscriber", "position"], name="parked_once"),
        ]
        indexes = [due_index("parked_due")]


class Heartbeat(models.Model):
    """When something that runs in the background was last seen at work."""

    name = models.CharField(primary_key=True, max_length=40)
    seen_at = models.DateTimeField()
