"""The watch-list: what needs somebody, until when nobody has to look, and how long silence is usual."""

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel


class Reason(models.TextChoices):
    """Why a parcel or an order needs somebody. `tracking.watch.reasons` says when exactly, docs/watch-list.md why."""

    NOT_SHIPPED = "not_shipped"
    NO_SCAN = "no_scan"
    STALLED = "stalled"
    FAILED_ATTEMPT = "failed_attempt"
    ADDRESS = "address"
    CUSTOMS = "customs"
    PAYMENT = "payment"
    PICKUP = "pickup"
    LATE = "late"
    RETURNING = "returning"
    LOST = "lost"
    PROBLEM = "problem"
    INVALID_NUMBER = "invalid_number"
    REPORTED = "reported"


class State(models.TextChoices):
    """open → dismissed (a person is done with it) or closed (what it was about is over); dismissed → closed."""

    OPEN = "open"
    DISMISSED = "dismissed"
    CLOSED = "closed"


class Dismissal(models.TextChoices):
    """Why a person is done with an item."""

    SOLVED = "solved"
    NO_PROBLEM = "no_problem"
    REPLACED = "replaced"
    REFUNDED = "refunded"
    WRITTEN_OFF = "written_off"


_CURRENT = ~Q(state=State.CLOSED)


class WatchItem(MerchantModel):
    """One thing that needs somebody: a parcel (or an order that has none yet) and a reason."""

    order = MerchantForeignKey("orders.Order", related_name="watch_items")
    shipment = MerchantForeignKey("tracking.Shipment", null=True, related_name="watch_items")
    reason = models.CharField(max_length=16, choices=Reason)
    detail = models.CharField(max_length=40, blank=True, help_text="The sub-status behind it, where one is.")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    since = models.DateTimeField(help_text="When it began: the last scan, the promise, the carrier's word.")
    opened_at = models.DateTimeField()
    value = models.DecimalField(max_digits=14, decimal_places=4, help_text="Of the lines in the parcel.")
    currency = models.CharField(max_length=3)
    # What the team does about it.
    assignee_id = models.IntegerField(
        null=True, help_text="The user; a reference would lead past the merchant."
    )
    assignee = models.CharField(max_length=254, blank=True, help_text="Their address, as it was then.")
    snoozed_until = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, help_text="When the suggested message was sent.")
    dismissed_at = models.DateTimeField(null=True)
    dismissal = models.CharField(max_length=12, choices=Dismissal, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "shipment", "reason"],
                condition=_CURRENT & Q(shipment__isnull=False),
                name="one_watch_item_a_parcel",
            ),
            models.UniqueConstraint(
                fields=["merchant", "order", "reason"],
                condition=_CURRENT & Q(shipment__isnull=True),
                name="one_watch_item_an_order",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False, state=State.CLOSED) | Q(closed_at=None) & _CURRENT,
                name="watch_item_closed_with_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "state", "-opened_at", "-id"], name="watch_items_newest"),
            models.Index(
                fields=["merchant", "reason", "-opened_at", "-id"],
                condition=Q(state=State.OPEN),
                name="watch_items_by_reason",
            ),
            models.Index(fields=["merchant", "order"], name="watch_items_of_order"),
            models.Index(fields=["merchant", "shipment"], name="watch_items_of_shipment"),
        ]


class WatchClock(DueRow):
    """When a parcel or an order is looked at next, whatever is heard of it. Its id is theirs.

    Also the lock under which the items of that parcel or order are changed (`tracking.watch.keeping`).
    """

    order = MerchantForeignKey("orders.Order", related_name="+")
    is_order = models.BooleanField()

    class Meta(DueRow.Meta):
        indexes = [
            due_index("watch_clocks_due"),
            models.Index(fields=["merchant", "order"], name="watch_clocks_of_order"),
        ]


class ScanPace(MerchantModel):
    """How long a carrier is usually silent on a lane, learnt from the merchant's own parcels (`tracking.watch.pace`).

    lane: the destination's country, `*home` or `*abroad` for all at home or abroad.
    """

    carrier = models.CharField(max_length=40)
    lane = models.CharField(max_length=7)
    gaps = models.IntegerField(help_text="Between two scans of a parcel on its way.")
    gap_hours = models.FloatField(null=True, help_text="Nineteen of twenty were shorter.")
    firsts = models.IntegerField(help_text="Between hand-over and first scan.")
    first_hours = models.FloatField(null=True, help_text="Nineteen of twenty were shorter.")

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "carrier", "lane"], name="one_pace_a_lane"),
        ]


class PaceClock(DueRow):
    """When a merchant's paces are learnt next: one row a merchant, whose id it has."""

    learnt_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        indexes = [due_index("pace_clocks_due")]
