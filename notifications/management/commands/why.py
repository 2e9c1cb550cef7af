"""`manage.py why MESSAGE_OR_ORDER`: why somebody did, or did not, get a message."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from merchants.choosing import add_merchant_option, chosen_merchant
from merchants.ids import public_id
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.models import Message
from notifications.why.find import NotFoundHere, message_or_order
from notifications.why.messages import explain_messages
from notifications.why.orders import explain_order, not_fired
from orders.models import Order


class Command(BaseCommand):
    help = (
        "Explain a message (msg_…), or all messages of an order (ord_…, the shop's id, or its number): what set each of"
        " them off, on which version and conditions, what was decided when it was planned and when it was to go out,"
        " its rendering, its provider's answer and what came later; and for an order, which kinds did not fire and why."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="MESSAGE_OR_ORDER")
        add_merchant_option(parser)
        parser.add_argument("--json", action="store_true", help="As JSON, for scripts.")

    def handle(self, *args: Any, **options: Any) -> None:
        merchant = chosen_merchant(options["merchant"])
        with merchant_scope(merchant):
            try:
                found = _explained(merchant, message_or_order(options["name"]))
            except NotFoundHere as error:
                raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))
            return
        for each in found["messages"]:
            why = each["reason_text"] or each["planning"]["at"]
            self.stdout.write(f"{each['touchpoint']} by {each['channel']}: {each['state']}. {why}")
        for each in found.get("not_fired", ()):
            self.stdout.write(f"{each['touchpoint']}: {each['why']}")


def _explained(merchant: Merchant, about: Message | Order) -> dict[str, Any]:
    if isinstance(about, Message):
        return {"merchant": merchant.slug, "messages": explain_messages(merchant, [about])}
    messages = list(Message.objects.filter(order=about).order_by("planned_at", "id"))
    return {
        "merchant": merchant.slug,
        "order": {"id": public_id("ord", about.pk), **explain_order(about)},
        "messages": explain_messages(merchant, messages),
        "not_fired": not_fired(merchant, about, messages),
    }
