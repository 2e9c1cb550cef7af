"""Parcels, what is in them, and what their carriers said about them."""

from typing import Any

from django.db import models
from django.db.models import Q

from events.models import LeasedDueRow, due_index
from merchants.fields import EncryptedTextField, MerchantForeignKey
from merchants.models import MerchantModel
from merchants.scope import merchant_manager
from orders.models import Order, OrderLine
from tracking.statuses import Status
from tracking.watch.models import PaceClock as PaceClock
from tracking.watch.models import ScanPace as ScanPace
from tracking.watch.models import WatchClock as WatchClock
from tracking.watch.models import WatchItem as WatchItem


class Shipment(LeasedDueRow):
    """One parcel of an order. `due_at` says when its carrier is asked next."""

    order = MerchantForeignKey(Order, related_name="shipments")
    external_id = models.CharField(max_length=191)
    number = models.PositiveSmallIntegerField(help_text="1 for the first parcel of the order.")
    carrier = models.CharField(max_length=40, blank=True, help_text="Our code: dhl, ups, sandbox …")
    carrier_name = models.CharField(max_length=120, blank=True, help_text="As the shop calls it.")
    carrier_source = models.CharField(
        max_length=8, blank=True, default="", db_default="", help_text='"": the shop; detected, chosen.'
    )
    carriers_tried = models.CharField(
        max_length=250,
        blank=True,
        default="",
        db_default="",
        help_text="Detected before, and not found there.",
    )
    tracking_number = models.CharField(max_length=100, blank=True)
    tracking_url = models.CharField(max_length=1000, blank=True)
    service = models.CharField(max_length=120, blank=True)
    # What the scans add up to (`tracking.resolve`).
    status = models.CharField(
        max_length=24, choices=[(s.value, s.value) for s in Status], default=Status.PENDING
    )
    substatus = models.CharField(max_length=40, blank=True)
    status_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    out_for_delivery_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    last_scan_at = models.DateTimeField(null=True)
    failed_attempts = models.PositiveSmallIntegerField(default=0)
    # When it will be there: the current window, and the first one that was told.
    eta_from = models.DateTimeField(null=True)
    eta_to = models.DateTimeField(null=True)
    eta_source = models.CharField(max_length=12, blank=True, help_text="carrier, model, shop or rule.")
    # What the carrier named last, whether or not it is what is told.
    carrier_from = models.DateTimeField(null=True)
    carrier_to = models.DateTimeField(null=True)
    # What our own model said last: nine in ten, half, one in ten are still to come; and which model it was.
    eta_p10 = models.DateTimeField(null=True)
    eta_p50 = models.DateTimeField(null=True)
    eta_p90 = models.DateTimeField(null=True)
    eta_fitted_at = models.DateTimeField(null=True)
    promised_from = models.DateTimeField(null=True)
    promised_to = models.DateTimeField(null=True)
    # What the carrier told about the hand-over.
    signed_by = models.CharField(max_length=120, blank=True)
    pickup_place = models.CharField(max_length=300, blank=True)
    pickup_until = models.DateTimeField(null=True)
    pickup = models.JSONField(
        null=True, help_text="The place in parts: name, address, postcode, city, country, hours, code."
    )
    proof = models.JSONField(
        null=True,
        help_text="Of the delivery: signed_by, left_with, place, document_url, photo_url, available.",
    )
    wish = models.JSONField(
        null=True, help_text="Of the shopper, for the delivery: kind, place, day (`tracking.wishes`)."
    )
    weight_grams = models.PositiveIntegerField(null=True, help_text="As the carrier weighed it.")
    # The carrier that brings it the last mile, and its number there: that carrier is asked too.
    next_carrier = models.CharField(max_length=40, blank=True, default="", db_default="")
    next_number = models.CharField(max_length=100, blank=True, default="", db_default="")
    push_until = models.DateTimeField(
        null=True,
        help_text=(
            "Until then the carrier tells us by itself what happens (a subscription that we know to be alive):"
            " such a parcel is asked about only as a slow safety net. Empty: no push."
        ),
    )
    polled_at = models.DateTimeField(null=True)
    poll_error = models.CharField(max_length=300, blank=True)
    cancelled_at = models.DateTimeField(null=True)
    historical = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Came as history: what happened before it came is told to nobody.",
    )
    inbound = models.BooleanField(
        default=False, db_default=False, help_text="Goods on their way back to the shop: nobody awaits it."
    )
    raw = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    # Those that a shopper awaits. What is about one kind of parcel only says so by its manager.
    outbound: Any = merchant_manager(inbound=False)

    class Meta(LeasedDueRow.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "order", "external_id"], name="one_shipment_an_external_id"
            ),
            models.UniqueConstraint(fields=["merchant", "order", "number"], name="one_shipment_a_number"),
        ]
        indexes = [
            due_index("shipments_due"),
            models.Index(
                fields=["merchant", "tracking_number"],
                condition=~Q(tracking_number=""),
                name="shipments_by_tracking",
            ),
            models.Index(fields=["merchant", "-created_at", "-id"], name="shipments_newest"),
            models.Index(fields=["merchant", "order"], name="shipments_of_order"),
            models.Index(fields=["merchant", "status", "-created_at", "-id"], name="shipments_by_status"),
            # The order comes along: the orders of a carrier are read off the index (dashboard/filters.py).
            models.Index(
                fields=["merchant", "carrier", "-created_at", "-id"],
                include=["order"],
                name="shipments_of_carrier",
            ),
            # Of all parcels that ever were, only these can be overdue or stand still.
            models.Index(
                fields=["merchant", "-created_at", "-id"],
                condition=~Q(
                    status__in=[Status.DELIVERED, Status.RETURNED, Status.CANCELLED, Status.EXPIRED]
                ),
                name="shipments_open",
            ),
        ]
        ordering = ["number"]


class ShipmentLine(MerchantModel):
    """How much of an order line is in a parcel."""

    shipment = MerchantForeignKey(Shipment, related_name="lines")
    line = MerchantForeignKey(OrderLine, related_name="shipped_in")
    quantity = models.PositiveIntegerField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "shipment", "line"], name="one_row_a_line_and_parcel"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipped_quantity_positive"),
        ]
        indexes = [models.Index(fields=["merchant", "line"], name="shipped_of_line")]


class Scan(MerchantModel):
    """One thing that a carrier (or the shop) said about a parcel. Never changed."""

    shipment = MerchantForeignKey(Shipment, related_name="scans")
    key = models.BinaryField(max_length=16, help_text="Hash of what makes it this scan: a repeat is dropped.")
    occurred_at = models.DateTimeField()
    local_time = models.CharField(max_length=40, blank=True, help_text="As the carrier wrote it.")
    offset_known = models.BooleanField(default=True)
    status = models.CharField(max_length=24)
    substatus = models.CharField(max_length=40, blank=True)
    raw_code = models.CharField(max_length=120, blank=True)
    description = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    source = models.CharField(max_length=32)
    received_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "shipment", "key"], name="one_scan_a_key")]
        indexes = [models.Index(fields=["merchant", "shipment", "-occurred_at"], name="scans_of_shipment")]


class CarrierAccount(MerchantModel):
    """The merchant's own access to a carrier's API."""

    carrier = models.CharField(max_length=40)
    credentials = EncryptedTextField(help_text="JSON: what the carrier calls its keys.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(MerchantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["merchant", "carrier"], name="one_account_a_carrier")]


class CarrierGate(models.Model):
    """How much of an access to a carrier's API is used up, and until when it is closed (`tracking.gates`).

    One row for a carrier as a whole, and one for each set of credentials: merchants who share an access
    share its limits.
    """

    key = models.CharField(primary_key=True, max_length=80)
    opens_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    next_call_at = models.DateTimeField()
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0, help_text="Made on that day (UTC).")
    price = models.FloatField(
        default=0.0,
        db_default=0.0,
        help_text="What a look costs, so that they fit the day (tracking/rates/budget.py).",
    )

    def __str__(self) -> str:
        return self.key


class UnreadAnswer(MerchantModel):
    """What a carrier answered about a parcel when we could not read it: our adapter has to learn it."""

    shipment = MerchantForeignKey(Shipment, related_name="unread_answers")
    carrier = models.CharField(max_length=40)
    detail = models.CharField(max_length=300)
    body = models.BinaryField(help_text="The latest one, cut off at 64 KB.")
    times = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "shipment"], name="one_unread_answer_a_parcel")
        ]
        indexes = [models.Index(fields=["received_at"], name="unread_answers_by_age")]


class UnknownCode(MerchantModel):
    """A code of a carrier that our table does not have: kept and counted until somebody adds it (docs/carriers.md)."""

    carrier = models.CharField(max_length=40)
    code = models.CharField(max_length=120)
    words = models.CharField(max_length=500, blank=True, help_text="What the carrier wrote with it last.")
    times = models.PositiveIntegerField(default=0, help_text="Scans with it; a repeated scan counts once.")
    shipment = MerchantForeignKey(Shipment, related_name="unknown_codes")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "carrier", "code"], name="one_unknown_code_a_carrier")
        ]


# Found here by Django.
from tracking.eta.models import EtaModel  # noqa: E402, F401
from tracking.legs.models import NextLeg  # noqa: E402, F401
from tracking.pushes.models import CarrierPush, PushSubscription  # noqa: E402, F401
from tracking.rates.models import CarrierScanCounts, ScanCounts, ScanLesson  # noqa: E402, F401
