"""Money on its way back to shoppers. Where it is stands in the ledger; these rows say whose it is and why."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from ledger.models import Account
from merchants.fields import MerchantForeignKey
from merchants.models import MerchantModel
from orders.models import Customer, Order
from orders.models import Refund as ReportedRefund


class PaymentKind(models.TextChoices):
    """What an order was paid with."""

    ORIGINAL = "original"  # card, wallet, transfer: money that the shop's provider gives back
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"  # credit of ours (`CreditEntry`): goes back there by itself
    POINTS = "points"


class RefundState(models.TextChoices):
    """requested → completed | failed (`returns.money.refunds`)."""

    REQUESTED = "requested"  # the shop is asked, and the amount is set aside
    COMPLETED = "completed"  # the shop said that it gave the money back
    FAILED = "failed"  # the shop said that it cannot; the amount is free again


class Source(models.TextChoices):
    """What a refund or a credit is for."""

    RETURN = "return"
    WITHDRAWAL = "withdrawal"
    CLAIM = "claim"
    ORDER = "order"  # by hand, with a reason
    SHOP = "shop"  # the shop gave it back by itself, and told us


class CreditKind(models.TextChoices):
    GIVEN = "given"
    SPENT = "spent"
    EXPIRED = "expired"


def money_field(**more: object) -> models.DecimalField:
    """A column for an amount: never below zero by its row's own check."""
    return models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0), **more)  # type: ignore[arg-type]


class OrderPayment(MerchantModel):
    """One payment of an order, and the account with what is left of it. An order nobody told payments of has one."""

    order = MerchantForeignKey(Order, related_name="payments")
    key = models.CharField(max_length=100, help_text="What the shop calls it.")
    kind = models.CharField(max_length=16, choices=PaymentKind, default=PaymentKind.ORIGINAL)
    label = models.CharField(max_length=120, blank=True, help_text="For people: `Visa •• 4242`.")
    amount = money_field(help_text="What was paid with it.")
    told = models.BooleanField(
        default=False, help_text="The shop told us; otherwise it is the order's total."
    )
    position = models.PositiveSmallIntegerField(default=0)
    account = MerchantForeignKey(Account, on_delete=models.RESTRICT, related_name="+")
    created_at = models.DateTimeField()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "order", "key"], name="one_payment_a_key"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="payment_not_negative"),
        ]
        ordering = ["position", "id"]


class Refund(DueRow):
    """Money that goes back for an order. `due_at`: when the shop is asked again."""

    order = MerchantForeignKey(Order, related_name="money_refunds")
    state = models.CharField(max_length=10, choices=RefundState)
    amount = money_field(help_text="What the shopper gets.")
    shipping = money_field(help_text="Of it, for shipping.")
    tax = money_field(help_text="Of it, the order's share of tax.")
    fee = money_field(help_text="What is kept beside it.")
    currency = models.CharField(max_length=3)
    source_kind = models.CharField(max_length=10, choices=Source)
    source_id = models.UUIDField(null=True)
    key = models.CharField(max_length=191, help_text="Of the request: the same key gives nothing back twice.")
    reason = models.CharField(max_length=500, blank=True)
    lines = models.JSONField(default=dict, help_text="Id of the order line → quantity.")
    reference = models.CharField(max_length=191, blank=True, help_text="What the shop calls the refund.")
    failure = models.CharField(max_length=500, blank=True)
    reported = MerchantForeignKey(
        ReportedRefund,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The shop's own news of it.",
    )
    asked = models.PositiveSmallIntegerField(default=1, help_text="How often the shop was told.")
    by = models.CharField(max_length=254, blank=True, help_text="Who asked for it, as they were called then.")
    requested_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "key"], name="one_refund_a_key"),
            models.UniqueConstraint(
                fields=["merchant", "reported"],
                condition=Q(reported__isnull=False),
                name="one_refund_a_report",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, shipping__gte=0, tax__gte=0, fee__gte=0),
                name="refund_sums_not_negative",
            ),
        ]
        indexes = [
            due_index("refunds_due"),
            models.Index(fields=["merchant", "order", "requested_at"], name="refunds_of_order"),
            models.Index(fields=["merchant", "-requested_at", "-id"], name="refunds_newest"),
            models.Index(fields=["merchant", "state", "-requested_at", "-id"], name="refunds_by_state"),
        ]


class RefundPart(MerchantModel):
    """What of a refund goes back to one payment. Its transfers have the keys `refund:<id>` and `fee:<id>`."""

    refund = MerchantForeignKey(Refund, related_name="parts")
    payment = MerchantForeignKey(OrderPayment, related_name="parts")
    amount = money_field()
    fee = money_field()

    class Meta(MerchantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "refund", "payment"], name="one_part_a_payment"),
        ]
        ordering = ["payment_id"]


class CreditEntry(DueRow):
    """Store credit that was given, spent or expired. `due_at`: when what is left of a given one expires."""

    customer = MerchantForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="credit")
    kind = models.CharField(max_length=8, choices=CreditKind)
    amount = money_field(help_text="With the bonus.")
    bonus = money_field(help_text="Of it, what the shop added.")
    currency = models.CharField(max_length=3)
    account = MerchantForeignKey(
        Account,
        on_delete=models.RESTRICT,
        null=True,
        related_name="+",
        help_text="Of a given one: what is left of it.",
    )
    order = MerchantForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="+")
    source_kind = models.CharField(max_length=10, choices=Source, default=Source.ORDER)
    source_id = models.UUIDField(null=True)
    key = models.CharField(max_length=191, help_text="Of the request: the same key does nothing twice.")
    reason = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=191, blank=True, help_text="What the shop calls it.")
    expires_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=254, blank=True, help_text="Who did it, as they were called then.")
    created_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "key"], name="one_credit_entry_a_key"),
            models.CheckConstraint(condition=Q(amount__gte=0, bonus__gte=0), name="credit_not_negative"),
        ]
        indexes = [
            due_index("credit_due"),
            models.Index(fields=["merchant", "customer", "-created_at", "-id"], name="credit_of_customer"),
        ]

    @property
    def left(self) -> Decimal:
        """What may still be spent of a given one. Its account must be loaded."""
        assert self.account is not None
        return self.account.available
