"""What goes to the shopper in exchange for what comes back."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from events.models import DueRow, due_index
from merchants.fields import MerchantForeignKey
from orders.models import Order
from returns.models import Return


class ExchangeState(models.TextChoices):
    """Where it is (`returns.exchanging.MOVES`)."""

    WAITING = "waiting"  # for the goods, by the return's trigger
    AWAITING_PAYMENT = "awaiting_payment"  # of what it costs more
    AWAITING_HOLD = "awaiting_hold"  # of the shop, before it goes off at once
    RELEASED = "released"  # the shop is asked to send it
    ORDERED = "ordered"  # the shop made an order of it
    FELL_BACK = "fell_back"  # sold out, or not paid: it is a refund now
    CANCELLED = "cancelled"


class Hold(models.TextChoices):
    """Of an exchange that goes off at once: what stands for the goods that have not come back yet."""

    NONE = "none"
    REQUESTED = "requested"
    HELD = "held"
    RELEASED = "released"
    CHARGED = "charged"


class Exchange(DueRow):
    """The goods that a return is exchanged for. `due_at`: until when it is paid for, or has come back."""

    ret = MerchantForeignKey(Return, related_name="exchanges")
    state = models.CharField(max_length=20, choices=ExchangeState, default=ExchangeState.WAITING)
    # Positive: the shopper pays it; negative: it goes back to them.
    difference = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0))
    difference_tax = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0))
    payment_url = models.CharField(max_length=1000, blank=True, help_text="Where the shop takes it.")
    payment_reference = models.CharField(max_length=191, blank=True)
    paid_at = models.DateTimeField(null=True)
    instant = models.BooleanField(default=False)
    hold = models.CharField(max_length=12, choices=Hold, default=Hold.NONE)
    hold_amount = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(0))
    hold_reference = models.CharField(max_length=191, blank=True)
    generation = models.PositiveSmallIntegerField(
        default=1, help_text="2: of what came by an exchange, and so on."
    )
    new_order = MerchantForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="exchanged_for")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        constraints = [
            models.UniqueConstraint(fields=["merchant", "ret"], name="one_exchange_a_return"),
            models.CheckConstraint(condition=Q(hold_amount__gte=0), name="hold_not_negative"),
        ]
        indexes = [
            due_index("exchanges_due"),
            models.Index(
                fields=["merchant", "new_order"],
                condition=Q(new_order__isnull=False),
                name="exchange_of_order",
            ),
        ]
