"""Returns and withdrawals, step by step, each told when it happens."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from demo.journey.scene import NEXT, SWEATER, Call, Scene
from merchants.scope import merchant_scope
from notifications.touchpoints import REMIND_BEFORE
from returns import commands, exchange_commands
from returns.logistics import labelling
from returns.models import Return
from returns.money.commands import confirm_refund
from returns.money.models import Refund
from returns.receiving import InspectedLine, inspect, mark_sent, receive
from returns.requesting import RequestedLine, RequestedReturn, request_return
from returns.states import Resolution, Side
from returns.withdrawal import commands as withdrawals
from returns.withdrawal.models import Source
from returns.withdrawal.steps import Declaration

COAT = "RM-GE-M"  # dearer than the sweater
_LABEL = b"%PDF-1.4 label"


def _ask(
    scene: Scene, *, by: Side = Side.SHOPPER, resolution: str = Resolution.REFUND, exchange_variant: str = ""
) -> Return:
    line = RequestedLine(
        scene.line(), 1, "too_small", resolution=resolution, exchange_variant=exchange_variant
    )
    return request_return(scene.merchant, scene.order.id, RequestedReturn([line], method="own"), by=by)


def is_refunded(scene: Scene) -> Iterator[Call]:
    """Asked for, asked back, approved, labelled, sent, received, refunded; then asked how that was."""
    scene.hears_of("survey_return")
    yield from scene.receives(SWEATER)
    merchant, ret = scene.merchant, _ask(scene)
    yield NEXT
    commands.ask(merchant, ret.id, scene.says("Would the next size fit?", "Würde die nächste Größe passen?"))
    yield NEXT
    commands.reply(merchant, ret.id, scene.says("No, thank you.", "Nein, danke."))
    commands.approve(merchant, ret.id)
    yield NEXT
    labelling.supply(merchant, ret.id, _LABEL, carrier="dhl", tracking_number=f"RET-{ret.number}")
    yield NEXT
    mark_sent(merchant, ret.id)
    yield NEXT
    receive(merchant, ret.id)
    yield NEXT
    with merchant_scope(merchant):
        [line] = ret.lines.all()
        [refund] = Refund.objects.filter(order_id=ret.order_id)
    inspect(merchant, ret.id, [InspectedLine(line.id, 1, "good", "A", "restock", "")])
    confirm_refund(merchant, refund.pk, reference="re_demo")
    yield Call("survey_return")


def is_refused(scene: Scene) -> Iterator[Call]:
    """The team says no, and why."""
    yield from scene.receives(SWEATER)
    ret = _ask(scene)
    yield NEXT
    commands.reject(scene.merchant, ret.id, scene.says("It was worn outdoors.", "Er wurde draußen getragen."))
    yield NEXT


def is_called_off(scene: Scene) -> Iterator[Call]:
    """The shopper keeps it after all."""
    yield from scene.receives(SWEATER)
    ret = _ask(scene)
    yield NEXT
    commands.cancel(scene.merchant, ret.id, by=Side.SHOPPER)
    yield NEXT


def is_not_sent(scene: Scene) -> Iterator[Call]:
    """Approved, and its time runs out."""
    yield from scene.receives(SWEATER)
    ret = _ask(scene, by=Side.TEAM)
    with merchant_scope(scene.merchant):  # As if it had been approved some weeks ago.
        Return.objects.filter(pk=ret.pk).update(expires_at=timezone.now() + REMIND_BEFORE)
    yield NEXT
    yield Call("return_expiring")


def becomes_a_coat(scene: Scene) -> Iterator[Call]:
    """Exchanged for something dearer: the difference is paid, the coat is sent."""
    yield from scene.receives(SWEATER)
    merchant = scene.merchant
    ret = _ask(scene, by=Side.TEAM, resolution=Resolution.EXCHANGE_OTHER, exchange_variant=COAT)
    yield NEXT
    exchange_commands.set_payment_link(merchant, ret.id, "https://nordwind.example/pay/4711")
    yield NEXT
    exchange_commands.mark_paid(merchant, ret.id, reference="pay_demo")
    receive(merchant, ret.id)
    yield NEXT


def becomes_credit(scene: Scene) -> Iterator[Call]:
    """Credit instead of money."""
    yield from scene.receives(SWEATER)
    ret = _ask(scene, by=Side.TEAM, resolution=Resolution.STORE_CREDIT)
    yield NEXT
    mark_sent(scene.merchant, ret.id)
    receive(scene.merchant, ret.id)
    yield NEXT


def is_withdrawn_from(scene: Scene) -> Iterator[Call]:
    """The law's own way back: a receipt at once."""
    yield from scene.receives(SWEATER)
    order = scene.order
    withdrawals.declare(
        scene.merchant,
        Declaration(
            timezone.now() - timedelta(minutes=1), Source.LINK, name=f"{order.first_name} {order.last_name}",
            contract=order.number, email=order.email, order_id=order.pk, locale=order.locale,
        ),
    )  # fmt: skip
    yield NEXT


STORIES = (
    is_refunded, is_refused, is_called_off, is_not_sent, becomes_a_coat, becomes_credit, is_withdrawn_from,
)  # fmt: skip
