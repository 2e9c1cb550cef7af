"""What tests about lawful messages share: somebody who agreed, and advertising to them."""

from collections.abc import Callable

import pytest

from merchants.models import Merchant
from merchants.scope import merchant_scope, merchant_transaction
from notifications import planning
from notifications.choices import Channel, MessageClass
from notifications.consent import commands
from notifications.consent.choices import Basis
from notifications.consent.commands import Said
from notifications.models import Message
from notifications.switches import Switch, set_switch
from notifications.touchpoints import TOUCHPOINTS
from orders.models import Order
from tests import factories

Advertise = Callable[..., Message]


@pytest.fixture
def anna(merchant: Merchant) -> Order:
    """An order of somebody in Berlin, who confirmed that she wants advertising; nothing of it has gone out."""
    set_switch(merchant, "welcome", Switch())
    order = factories.order(merchant, email="anna@example.test")
    commands.give(merchant, "email", "anna@example.test", "", Said("checkout"), basis=Basis.DOUBLE_OPT_IN)
    return order


@pytest.fixture
def advertise(merchant: Merchant) -> Advertise:
    """Plan an advertisement about an order, due now; it is reloaded by `.refresh_from_db()` in scope."""

    def plan(
        order: Order,
        moment: str = "1",
        *,
        kind: str = MessageClass.MARKETING,
        channel: Channel = Channel.EMAIL,
    ) -> Message:
        with merchant_transaction(merchant):
            message = planning.plan(merchant, order, TOUCHPOINTS["welcome"], channel, moment=moment)
            message.message_class = kind
            planning.store([message])
        return message

    return plan


@pytest.fixture
def fate(merchant: Merchant) -> Callable[[Message], tuple[str, str]]:
    """What became of a message: its state and reason."""

    def read(message: Message) -> tuple[str, str]:
        with merchant_scope(merchant):
            found = Message.objects.get(pk=message.pk)
        return found.state, found.reason

    return read
