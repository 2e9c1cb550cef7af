"""Protection of parcels: which orders are covered, what is claimed, and how it was decided."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Order, OrderLine
from tracking.models import Shipment


class Kind(models.TextChoices):
    """What happened to the goods."""

    LOST = "lost"  # the carrier has it, and nobody has seen it for long
    STOLEN = "stolen"  # said to be delivered, and not received
    DAMAGED = "damaged"


class Status(models.TextChoices):
    """Whose turn it is (`steps.MOVES`)."""

    PARKED = "parked"  # too early: opens by itself at `due_at`
    OPEN = "open"  # the shop decides
    NEEDS_MORE = "needs_more"  # the shopper has to answer; closes by itself at `due_at`
    PAUSED = "paused"  # the parcel moves again
    APPROVED = "approved"
    DECLINED = "declined"
    CLOSED = "closed"  # nobody went on with it; a reply opens it again


class Resolution(models.TextChoices):
    """How an approved claim is made good."""

    RESHIP = "reship"
    REFUND = "refund"
    CREDIT = "credit"


class Payer(models.TextChoices):
    """Who bears it (PRODUCT, P5)."""

    POOL = "pool"  # the premiums
    MERCHANT = "merchant"


class Exclusion(models.TextChoices):
    """Why a claim is declined (PRODUCT, P6)."""

    RETURNED = "returned_to_sender"
    CHARGEBACK = "chargeback"
    FULFILMENT = "fulfilment_error"
    DEFECT = "defect"
    CONTRABAND = "contraband"
    NOT_COVERED = "not_covered"
    TOO_LATE = "too_late"
    OTHER = "other"


class Protection(MerchantModel):
    """What a shop's protection costs and when a claim may be made (PRODUCT, P1, P3 and P4). Days are whole days.

    Without a row: on, at the prices below; no line of an order is a premium.
    """

    is_on = models.BooleanField(
        default=True,
        help_text="Orders can be protected. Who is covered already keeps it, whatever stands here.",
    )
    premium_flat = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal("1.90"))
    flat_below = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(100))
    premium_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("2.00"))
    premium_skus = ArrayField(
        models.CharField(max_length=191), default=list, help_text="Lines of an order that are its premium."
    )
    auto_approve_up_to = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        help_text="Approved by rule up to this value. Empty: never.",
    )
    auto_resolution = models.CharField(max_length=8, choices=Resolution, default=Resolution.REFUND)
    lost_home_days = models.PositiveSmallIntegerField(
        default=7, help_text="Without a scan, within the country."
    )
    lost_abroad_days = models.PositiveSmallIntegerField(default=20)
    late_hours = models.PositiveSmallIntegerField(
        default=48, help_text="After the expected day: lost as well."
    )
    stolen_days = models.PositiveSmallIntegerField(default=5, help_text="After a delivery that nobody got.")
    file_days = models.PositiveSmallIntegerField(default=30, help_text="So long a claim can be made.")
    silent_days = models.PositiveSmallIntegerField(
        default=10, help_text="A question unanswered so long closes it."
    )
    pauses_on_scan = models.BooleanField(
        default=True, help_text="A claimed parcel that moves pauses its claim."
    )
    updated_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant"], name="one_rules_of_protection"),
            models.CheckConstraint(
                condition=Q(premium_flat__gte=0, flat_below__gte=0, premium_percent__range=(0, 100)),
                name="premiums_are_prices",
            ),
        ]


class Cover(MerchantModel):
    """An order that is protected: for which premium, and by what it came."""

    order = MerchantForeignKey(Order, related_name="covers")
    source = models.CharField(
        max_length=4, help_text="line: a line of the order is the premium; api, team: flagged."
    )
    premium = models.DecimalField(max_digits=14, decimal_places=4)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "order"], name="one_cover_an_order"),
            models.CheckConstraint(condition=Q(premium__gte=0), name="premium_not_negative"),
        ]


class Claim(DueRow):
    """One claim about a parcel. `due_at`: when a parked one opens, or a silent one closes, by itself."""

    number = models.CharField(max_length=16)
    order = MerchantForeignKey(Order, related_name="claims")
    shipment = MerchantForeignKey(Shipment, related_name="claims")
    kind = models.CharField(max_length=8, choices=Kind)
    status = models.CharField(max_length=10, choices=Status)
    wanted = models.CharField(max_length=8, choices=Resolution, help_text="What the shopper asked for.")
    value = models.DecimalField(max_digits=14, decimal_places=4, help_text="Of the goods that are claimed.")
    currency = models.CharField(max_length=3)
    eligible_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=8, choices=Resolution, blank=True)
    payer = models.CharField(max_length=8, choices=Payer, blank=True)
    exclusion = models.CharField(max_length=20, choices=Exclusion, blank=True)
    decided_by = models.CharField(max_length=254, blank=True, help_text="A person's address, or rule.")
    refund_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "number"], name="one_claim_a_number"),
            models.UniqueConstraint(
                fields=["merchant", "shipment"],
                condition=~Q(status__in=["declined", "closed"]),
                name="one_living_claim_a_parcel",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="claim_not_negative"),
        ]
        indexes = [
            due_index("claims_due"),
            models.Index(fields=["merchant", "-created_at", "-id"], name="claims_newest"),
            models.Index(fields=["merchant", "status", "-created_at", "-id"], name="claims_by_status"),
            models.Index(fields=["merchant", "order"], name="claims_of_order"),
        ]


class ClaimLine(MerchantModel):
    """Goods that a claim is of."""

    claim = MerchantForeignKey(Claim, related_name="lines")
    line = MerchantForeignKey(OrderLine, related_name="claims")
    quantity = models.PositiveIntegerField(default=1)

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "claim", "line"], name="one_row_a_claimed_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="claimed_quantity_positive"),
        ]


class ClaimEntry(MerchantModel):
    """One thing that happened to a claim. Never changed."""

    claim = MerchantForeignKey(Claim, related_name="entries")
    kind = models.CharField(max_length=12, help_text="A status, or message.")
    side = models.CharField(max_length=8, help_text="shopper, team or system.")
    author = models.CharField(max_length=254, blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "claim", "created_at", "id"], name="entries_of_claim")]
        ordering = ["created_at", "id"]


class ClaimPhoto(MerchantModel):
    """A picture as evidence: drawn anew from what was uploaded."""

    claim = MerchantForeignKey(Claim, related_name="photos")
    image = models.BinaryField(help_text="JPEG.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "claim"], name="photos_of_claim")]
        ordering = ["id"]
