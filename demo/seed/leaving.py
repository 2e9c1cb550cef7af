"""Withdrawals and claims of the demo's shoppers, in the states that the team can meet."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from events.drain import drain
from merchants.models import Merchant
from merchants.pictures import photo_from
from merchants.rest.errors import Problem
from merchants.scope import merchant_scope
from orders.models import Order, Stage
from returns.claims import commands as claims
from returns.claims.models import Kind, Resolution
from returns.claims.pool import cover
from returns.claims.steps import Asked
from returns.money.commands import confirm_refund
from returns.withdrawal import commands as withdrawals
from returns.withdrawal.models import Source, Withdrawal
from returns.withdrawal.refunds import proposal_of, refund
from returns.withdrawal.steps import Declaration
from tracking.models import Shipment

# Of so many newest delivered orders, from the oldest on: `bringing_back` takes them from the newest.
_AMONG = 80
_COVERED = 20


def leave_and_claim(merchant: Merchant) -> int:
    """Let shoppers withdraw and claim. Returns how many withdrawals and claims there are now."""
    with merchant_scope(merchant):
        rows = Order.objects.filter(stage=Stage.DELIVERED).exclude(external_id__startswith="show-")
        orders = list(rows.prefetch_related("lines").order_by("-placed_at")[:_AMONG])[::-1]
    if len(orders) < 3:
        return 0
    made = _withdraw(merchant, orders[:3]) + _claim(merchant, orders[3 : 3 + _COVERED])
    drain(merchant.shard)
    drain(merchant.shard)  # what the readers of the first round recorded
    return made


def _withdraw(merchant: Merchant, orders: list[Order]) -> int:
    asked, done, unknown = orders
    _declared(merchant, asked, Source.LINK)
    finished = _declared(merchant, done, Source.LINK)
    withdrawals.note_goods(merchant, finished.pk, back=True)
    with merchant_scope(merchant):
        amount, shipping = proposal_of(finished)
    if amount:
        asked_for = refund(merchant, finished.pk, amount, shipping)
        assert asked_for.refund_id is not None
        confirm_refund(merchant, asked_for.refund_id)
    _declared(merchant, unknown, Source.FORM)
    return 3


def _declared(merchant: Merchant, order: Order, source: Source) -> Withdrawal:
    is_known = source == Source.LINK
    return withdrawals.declare(
        merchant,
        Declaration(
            timezone.now() - timedelta(hours=3), source, name=f"{order.first_name} {order.last_name}",
            contract=order.number if is_known else "the blue mugs from last week", email=order.email,
            order_id=order.pk if is_known else None, locale=order.locale,
        ),
    )  # fmt: skip


def _claim(merchant: Merchant, orders: list[Order]) -> int:
    photo = photo_from(Path(settings.BASE_DIR, "static/demo/products/mug-1.png").read_bytes())
    stories = [
        (Asked(Kind.DAMAGED, Resolution.RESHIP, "The box was crushed.", photos=[photo]), Resolution.RESHIP),
        (Asked(Kind.DAMAGED, Resolution.REFUND, "Wet inside.", photos=[photo]), None),
        (Asked(Kind.STOLEN, Resolution.REFUND, "It says delivered, but nobody has it."), None),
    ]
    made = 0
    with merchant_scope(merchant):
        for lost in Order.objects.filter(external_id__startswith="show-lost"):
            cover(merchant, lost.pk)  # so that a claim can be tried out
    for order in orders:
        cover(merchant, order.pk)
        if made == len(stories):
            continue
        asked, decided = stories[made]
        with merchant_scope(merchant):
            parcel = Shipment.objects.filter(order=order, delivered_at__isnull=False).first()
        try:
            if parcel is not None:
                found = claims.claim(merchant, order.pk, parcel.pk, asked)
                made += 1
                if decided is not None:
                    claims.approve(merchant, found.pk, decided)
        except Problem:  # too long ago
            continue
    return made
