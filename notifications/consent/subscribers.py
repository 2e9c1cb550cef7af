"""What the consent ledger learns from other facts: sales at which people were told that they may object."""

from collections.abc import Sequence

from events.facts import RecordedFact
from events.subscribers import subscribe
from merchants.ids import public_id
from merchants.models import Merchant
from notifications.choices import Channel
from notifications.consent import commands
from notifications.consent.choices import EVERYTHING, Basis
from notifications.consent.commands import Said
from notifications.consent.rules import rules
from orders.models import Order


# Without `forget`: the ledger is only ever added to. A replay adds nothing, for a sale is noted once.
@subscribe("consent.sales", ("order.placed",))
def note_sales(merchant: Merchant, facts: Sequence[RecordedFact]) -> None:
    """Note who became an existing customer (§7(3) UWG), where the shop's checkout says so: one query where not.

    Only sales since the shop told us what its checkout says: the notice at collection is part of the basis.
    """
    own = rules()
    if not own.notice or own.notice_since is None:
        return
    ids = {fact.order_id for fact in facts if fact.order_id}
    for order in Order.objects.filter(pk__in=ids, placed_at__gte=own.notice_since).exclude(email=""):
        commands.give(
            merchant, Channel.EMAIL, order.email, EVERYTHING,
            Said(
                source="checkout", wording=own.notice, wording_version=str(own.notice_version),
                country=order.country, locale=order.locale, at=order.placed_at, once=f"sale {order.pk}",
                proof={"order_id": public_id("ord", order.pk), "order": order.number},
            ),
            basis=Basis.EXISTING_CUSTOMER,
        )  # fmt: skip
