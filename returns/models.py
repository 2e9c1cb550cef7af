"""Returns: what a shopper sends back, in three states, and everything that happened to it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer, Order, OrderLine
from returns.count_models import LinePart as LinePart
from returns.count_models import ReturnedCount as ReturnedCount
from returns.shop_models import Branch as Branch
from returns.shop_models import OwnReasons as OwnReasons
from returns.states import (
    OVER,
    Approval,
    Condition,
    Disposition,
    EntryKind,
    Kind,
    Logistics,
    Method,
    Money,
    Resolution,
    Side,
    Trigger,
)
from tracking.models import Shipment


def _money(**more: object) -> models.DecimalField:
    """An amount in the currency of the order."""
    return models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0), **more)  # type: ignore[arg-type]


class Return(DueRow):
    """What of one order comes back together. `due_at`: when it expires unless it was sent."""

    order = MerchantForeignKey(Order, related_name="returns")
    customer = MerchantForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="returns")
    sequence = models.PositiveSmallIntegerField(help_text="1 for the first return of the order.")
    number = models.CharField(max_length=80, help_text="What people read and scan: R-1042-1.")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.RETURN)
    approval_state = models.CharField(max_length=12, choices=Approval, default=Approval.REQUESTED)
    logistics_state = models.CharField(max_length=16, choices=Logistics, default=Logistics.NONE)
    money_state = models.CharField(max_length=20, choices=Money, default=Money.NONE)
    requested_by = models.CharField(max_length=8, choices=Side)
    gift = models.BooleanField(
        default=False, help_text="By who got it: credit for them, the buyer is not told."
    )
    gift_email = models.CharField(
        max_length=254, blank=True, help_text="Where the one who got it reads mail."
    )
    email = models.CharField(max_length=254, blank=True, help_text="Of who returns, as it was then.")
    withdrawal = MerchantForeignKey(
        "withdrawal.Withdrawal", on_delete=models.SET_NULL, null=True, related_name="returns",
        help_text="Whose goods it brings back.",
    )  # fmt: skip
    # What the rules said when it was asked for; they may be others now.
    policy_version = models.PositiveIntegerField(null=True)
    refund_trigger = models.CharField(max_length=12, choices=Trigger, default=Trigger.INSPECTION)
    method = models.CharField(
        max_length=8, choices=Method, blank=True, help_text="How it is sent back; empty: it is not."
    )
    destination = models.CharField(
        max_length=80, blank=True, help_text="Which address of the shop; empty: the usual."
    )
    currency = models.CharField(max_length=3)
    fee = _money(help_text="For sending it back: taken once off what is given back.")
    fee_taken = _money(help_text="How much of it was taken by now.")
    settlements = models.PositiveSmallIntegerField(
        default=0, help_text="How often money went back: the key of the next."
    )
    request_key = models.CharField(
        max_length=64, blank=True, help_text="Of the form: sent twice it is one return."
    )
    review_reason = models.CharField(max_length=300, blank=True)
    # The parcel. Its scans move the return; without one it is moved by hand.
    shipment = MerchantForeignKey(Shipment, on_delete=models.SET_NULL, null=True, related_name="brings_back")
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    assignee_id = models.BigIntegerField(null=True, help_text="Who of the team looks after it.")
    assignee = models.CharField(max_length=254, blank=True, help_text="Their address, as it was then.")
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(
        null=True, help_text="Somebody counted what came; before that it is what the carrier brought."
    )
    inspected_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="Until when it has to be on its way.")
    settled_at = models.DateTimeField(null=True, help_text="The money was where it belongs.")
    closed_at = models.DateTimeField(null=True, help_text="Nothing is left to do.")
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "order", "sequence"], name="one_return_a_sequence"),
            models.UniqueConstraint(
                fields=["merchant", "order", "request_key"],
                condition=~Q(request_key=""),
                name="one_return_a_form",
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0, fee_taken__gte=0, fee_taken__lte=F("fee")),
                name="return_fee_in_bounds",
            ),
            # The three states are apart, but a refusal moves neither goods nor money.
            models.CheckConstraint(
                condition=~Q(approval_state__in=OVER) | Q(closed_at__isnull=False),
                name="what_is_over_is_closed",
            ),
        ]
        indexes = [
            due_index("returns_due"),
            models.Index(fields=["merchant", "-requested_at", "-id"], name="returns_newest"),
            models.Index(
                fields=["merchant", "approval_state", "-requested_at", "-id"], name="returns_by_approval"
            ),
            models.Index(
                fields=["merchant", "logistics_state", "-requested_at", "-id"], name="returns_by_logistics"
            ),
            models.Index(fields=["merchant", "money_state", "-requested_at", "-id"], name="returns_by_money"),
            models.Index(fields=["merchant", "number"], name="returns_by_number"),
            models.Index(
                fields=["merchant", "shipment"],
                condition=Q(shipment__isnull=False),
                name="returns_of_shipment",
            ),
            models.Index(fields=["merchant", "customer", "-requested_at"], name="returns_of_customer"),
            models.Index(
                fields=["merchant", "withdrawal"],
                condition=Q(withdrawal__isnull=False),
                name="returns_of_withdrawal",
            ),
            models.Index(
                fields=["merchant", "tracking_number"],
                condition=~Q(tracking_number=""),
                name="returns_by_tracking",
            ),
        ]


class ReturnLine(MerchantModel):
    """How much of an order line (or of a bundle's part) comes back, why, and for what."""

    ret = MerchantForeignKey(Return, related_name="lines")
    line = MerchantForeignKey(OrderLine, related_name="returned_in")
    part = MerchantForeignKey(LinePart, null=True, related_name="returned_in")
    quantity = models.PositiveIntegerField(help_text="Asked for; 0 after it was refused.")
    reason = models.CharField(max_length=60, blank=True)
    said_condition = models.CharField(max_length=12, blank=True, help_text="As the shopper says.")
    note = models.CharField(max_length=1000, blank=True, help_text="Of the shopper.")
    resolution = models.CharField(max_length=20, choices=Resolution)
    exchange_variant = models.CharField(
        max_length=191, blank=True, help_text="What the shop calls the wanted variant."
    )
    exchange_title = models.CharField(max_length=800, blank=True, help_text="As it was called then.")
    exchange_price = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, help_text="Of one wanted piece, as the shop prices it."
    )
    keep = models.BooleanField(default=False, help_text="The shopper keeps it.")
    # What was paid for it, and what its rule takes or adds.
    paid = _money(help_text="For this quantity, with its share of discounts and with tax.")
    tax = _money(help_text="Of it.")
    restocking_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    bonus_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    rule = models.CharField(max_length=120, blank=True, help_text="Which rule decided.")
    # What came, and what of it is settled.
    received = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(
        null=True, help_text="Found as it should be; empty: not inspected."
    )
    condition = models.CharField(max_length=12, choices=Condition, blank=True)
    grade = models.CharField(max_length=2, blank=True, help_text="A, B, C … of the shop's own scale.")
    disposition = models.CharField(max_length=12, choices=Disposition, blank=True)
    restocked = models.PositiveIntegerField(default=0)
    settled = models.PositiveIntegerField(default=0, help_text="Of which money or goods went back.")
    settled_amount = _money()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "ret", "line", "part"],
                nulls_distinct=False,
                name="one_row_a_line_and_return",
            ),
            models.CheckConstraint(
                condition=Q(settled__lte=F("quantity")), name="not_more_settled_than_asked"
            ),
            models.CheckConstraint(
                condition=Q(restocked__lte=F("received")), name="not_more_restocked_than_came"
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, tax__gte=0, settled_amount__gte=0),
                name="return_amounts_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "line"], name="returned_of_line")]
        ordering = ["id"]


class ReturnEntry(MerchantModel):
    """One thing that happened to a return. Never changed."""

    ret = MerchantForeignKey(Return, related_name="entries")
    kind = models.CharField(max_length=12, choices=EntryKind)
    side = models.CharField(max_length=8, choices=Side)
    author = models.CharField(max_length=254, blank=True, help_text="Whoever of the team, as it was then.")
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict, help_text="Numbers and codes of it.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "ret", "created_at", "id"], name="entries_of_return")]
        ordering = ["created_at", "id"]


class ReturnPhoto(MerchantModel):
    """A picture of the shopper or of the inspection, drawn anew (`merchants.pictures.photo_from`)."""

    ret = MerchantForeignKey(Return, related_name="photos")
    entry = MerchantForeignKey(ReturnEntry, related_name="photos")
    line = MerchantForeignKey(ReturnLine, null=True, related_name="photos")
    image = models.BinaryField(help_text="JPEG.")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        indexes = [models.Index(fields=["merchant", "ret"], name="photos_of_return")]
        ordering = ["id"]


# Found here by Django.
from returns.exchange_models import Exchange as Exchange  # noqa: E402
from returns.label_models import LabelAccount as LabelAccount  # noqa: E402
from returns.label_models import ReturnLabel as ReturnLabel  # noqa: E402
from returns.stock_models import StockHook as StockHook  # noqa: E402
